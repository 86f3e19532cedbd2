/** The payment provider's stand-in as a campaign sees it, over a wire: its faults, its traffic and its books. */
import { Effect } from "effect"
import type { Fault } from "../../src/sandbox/fault.ts"
import type { LedgerEntry } from "../../src/sandbox/payments/objects.ts"
import { startSandbox } from "../../src/sandbox/sandboxProcess.ts"
import { tellWebhookUrl } from "../../src/sandbox/webhooks/tellWebhookUrl.ts"
import { fault, request } from "../main/client.ts"
import type { Environment } from "../main/process.ts"
import { type FaultProxy, faultProxy } from "./FaultProxy.ts"
import { makeProviderTraffic, type ProviderTraffic } from "./providerTraffic.ts"
import { asProviders } from "../sandbox/asProviders.ts"

export interface Provider {
  readonly pid: number
  readonly wire: FaultProxy
  /** The settings of a shop that uses it, over the wire. */
  readonly env: Environment
  /** More settings, of a shop whose goods are kept by the stock service that stands in. */
  readonly goodsElsewhere: Environment
  readonly fault: (fault: Fault) => Effect.Effect<void>
  readonly healthy: Effect.Effect<void>
  /** How many requests the faults in force have struck. */
  readonly struck: Effect.Effect<number>
  readonly traffic: Effect.Effect<ProviderTraffic>
  readonly sendWebhooksTo: (shopUrl: string) => Effect.Effect<void>
  /** What the stock service that stands in has of these goods; `undefined` when it could not be asked. */
  readonly shelf: (sku: string) => Effect.Effect<{ readonly reserved: number; readonly committed: number } | undefined>
  /** `undefined` when the books could not be read. */
  readonly ledger: Effect.Effect<ReadonlyArray<LedgerEntry> | undefined>
}

interface Shown {
  readonly data: ReadonlyArray<{ readonly struck: number }>
}

/** It keeps its books in `dataDir`, and lives as long as the scope. */
export const startProvider = Effect.fnUntraced(function* (dataDir: string) {
  const { pid, port } = yield* Effect.orDie(startSandbox({ dataDir, port: 0 }))
  const traffic = makeProviderTraffic()
  const wire = yield* faultProxy({ host: "127.0.0.1", port, hear: traffic.hear })
  const [direct, wired] = [port, wire.port].map((each) => `http://127.0.0.1:${each}`) as [string, string]
  return {
    pid,
    wire,
    env: asProviders(wired),
    goodsElsewhere: { INVENTORY_URL: `${wired}/inventory` },
    fault: (given) => fault(direct, given),
    healthy: fault(direct, { mode: "none" }),
    struck: Effect.map(
      request<Shown>(`${direct}/_sandbox/faults`),
      (seen) => seen?.body.data.reduce((sum, { struck }) => sum + struck, 0) ?? 0
    ),
    traffic: Effect.sync(traffic.seen),
    sendWebhooksTo: (shopUrl) => tellWebhookUrl(direct, `${shopUrl}/v1/webhooks/payments`),
    shelf: (sku) =>
      Effect.map(
        request<{ readonly data: { readonly reserved: number; readonly committed: number } }>(
          `${direct}/_sandbox/inventory/${sku}`
        ),
        (seen) => seen?.body.data
      ),
    ledger: Effect.map(
      request<{ readonly data: ReadonlyArray<LedgerEntry> }>(`${direct}/_sandbox/ledger`),
      (seen) => seen?.body.data
    )
  } satisfies Provider
})
