/** The payment provider's stand-in as a campaign sees it: its faults, its traffic and its books. */
import { Effect } from "effect"
import type { Fault } from "../../src/sandbox/fault.ts"
import type { LedgerEntry } from "../../src/sandbox/payments/objects.ts"
import { startSandbox } from "../../src/sandbox/sandboxProcess.ts"
import { fault, request } from "../main/client.ts"

export interface Provider {
  readonly url: string
  readonly pid: number
  readonly fault: (fault: Fault) => Effect.Effect<void>
  readonly healthy: Effect.Effect<void>
  /** How many requests the faults in force have struck. */
  readonly struck: Effect.Effect<number>
  /** Requests until now, repeated ones too; the sandbox's own routes do not count. */
  readonly requests: Effect.Effect<number>
  /** `undefined` when the books could not be read. */
  readonly ledger: Effect.Effect<ReadonlyArray<LedgerEntry> | undefined>
}

interface Shown {
  readonly data: ReadonlyArray<{ readonly struck: number }>
  readonly traffic: { readonly requests: number }
}

/** It keeps its books in `dataDir`, and lives as long as the scope. */
export const startProvider = Effect.fnUntraced(function* (dataDir: string) {
  const { pid, port } = yield* Effect.orDie(startSandbox({ dataDir, port: 0 }))
  const url = `http://127.0.0.1:${port}`
  const shown = request<Shown>(`${url}/_sandbox/faults`)
  return {
    url,
    pid,
    fault: (given) => fault(url, given),
    healthy: fault(url, { mode: "none" }),
    struck: Effect.map(shown, (seen) => seen?.body.data.reduce((sum, { struck }) => sum + struck, 0) ?? 0),
    requests: Effect.map(shown, (seen) => seen?.body.traffic.requests ?? 0),
    ledger: Effect.map(
      request<{ readonly data: ReadonlyArray<LedgerEntry> }>(`${url}/_sandbox/ledger`),
      (seen) => seen?.body.data
    )
  } satisfies Provider
})
