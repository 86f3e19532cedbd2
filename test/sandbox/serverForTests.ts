/** The sandbox's server in the test's own process, on a free port, with a folder of its own; and its controls. */
import { NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Layer } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import type { Fault } from "../../src/sandbox/fault.ts"
import { server } from "../../src/sandbox/server.ts"

export const sandboxServer = Layer.unwrap(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "holdfast-provider-" })
    return server({ dataDir, port: 0, secretKey: "sk_test_unused" })
  })
).pipe(Layer.provideMerge(NodeServices.layer))

export const sandboxUrl = Effect.map(
  HttpServer.HttpServer,
  ({ address }) => `http://127.0.0.1:${"port" in address ? address.port : 0}`
)

/** What stands under `data` in the sandbox's answer. */
export const fromSandbox = <A>(path: string, init?: RequestInit) =>
  Effect.flatMap(sandboxUrl, (url) =>
    Effect.promise(async () => {
      const answer = await fetch(url + path, init)
      if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`)
      return ((await answer.json()) as { readonly data: A }).data
    })
  )

export const faulty = (fault: Fault | { readonly mode: "none" }) =>
  fromSandbox<unknown>("/_sandbox/faults", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault)
  })
