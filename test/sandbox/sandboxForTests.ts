/**
 * A sandbox process for a test file: a folder of its own under the system's temporary folder, a free port, and the
 * controls that tests use. It ends with the file's scope, and its folder goes with it.
 */
import { NodeServices } from "@effect/platform-node"
import { Context, Effect, FileSystem, Layer } from "effect"
import type { Fault } from "../../src/sandbox/fault.ts"
import type { LedgerEntry } from "../../src/sandbox/payments/objects.ts"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"

export class SandboxControls extends Context.Service<
  SandboxControls,
  {
    readonly dataDir: string
    readonly fault: (fault: Fault) => Effect.Effect<void>
    readonly healthy: Effect.Effect<void>
    readonly ledger: (orderId: string) => Effect.Effect<ReadonlyArray<LedgerEntry>>
    readonly wholeLedger: Effect.Effect<ReadonlyArray<LedgerEntry>>
    readonly requests: Effect.Effect<number>
  }
>()("test/sandbox/SandboxControls") {}

const temporaryFolder = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.makeTempDirectoryScoped({ prefix: "holdfast-sandbox-" })
})

const controls = (dataDir: string) =>
  Layer.effect(
    SandboxControls,
    Effect.map(Sandbox, ({ baseUrl }) => {
      const json = (path: string, init?: RequestInit) =>
        Effect.promise(async () => {
          const answer = await fetch(new URL(path, baseUrl), init)
          if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`)
          return answer.json() as Promise<never>
        })
      const post = (body: object) =>
        json("/_sandbox/faults", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body)
        })
      return SandboxControls.of({
        dataDir,
        fault: (fault) => Effect.asVoid(post(fault)),
        healthy: Effect.asVoid(post({ mode: "none" })),
        ledger: (orderId) =>
          Effect.map(
            json(`/_sandbox/ledger?order_id=${orderId}`),
            ({ data }: { readonly data: ReadonlyArray<LedgerEntry> }) => data
          ),
        wholeLedger: Effect.map(
          json("/_sandbox/ledger"),
          ({ data }: { readonly data: ReadonlyArray<LedgerEntry> }) => data
        ),
        requests: Effect.map(
          json("/_sandbox/faults"),
          ({ traffic }: { readonly traffic: { readonly requests: number } }) => traffic.requests
        )
      })
    })
  )

export const sandboxForTests = Layer.unwrap(
  Effect.map(temporaryFolder, (dataDir) => Layer.provideMerge(controls(dataDir), Sandbox.layer({ dataDir, port: 0 })))
).pipe(Layer.provide(NodeServices.layer))
