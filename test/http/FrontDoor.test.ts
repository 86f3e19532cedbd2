/** A port between being listened on and being served. */
import { createServer, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { eventually } from "../eventually.ts"
import { FrontDoor } from "../../src/http/FrontDoor.ts"

const listening = Effect.acquireRelease(
  Effect.callback<Server>((resume) => {
    const server = createServer()
    void server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
)
const ask = (server: Server, path: string) =>
  Effect.tryPromise((signal) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { signal }).then((it) => it.text())
  )
const connected = (server: Server) =>
  Effect.callback<number>((resume) => {
    server.getConnections((_error, count) => resume(Effect.succeed(count)))
  })

describe("a request that comes before anybody serves", () => {
  it.live("is answered as soon as somebody does, and is not served when its client has left", () =>
    Effect.gen(function* () {
      const server = yield* listening
      server.on("request", () => undefined)
      const sockets: Array<Socket> = []
      server.on("connection", (socket) => sockets.push(socket))
      /** What the newest of the open connections asks has arrived. */
      const untilRead = Effect.andThen(
        eventually(connected(server), (count) => count === 1),
        eventually(
          Effect.sync(() => sockets.at(-1)?.bytesRead ?? 0),
          (bytes) => bytes > 0
        )
      )
      yield* Layer.build(FrontDoor.layerOf(server))
      const leaves = yield* Effect.forkChild(ask(server, "/leaves"))
      yield* untilRead
      yield* Fiber.interrupt(leaves)
      yield* eventually(connected(server), (count) => count === 0)
      const early = yield* Effect.forkChild(ask(server, "/early"))
      yield* untilRead
      const seen: Array<string> = []
      server.on("request", ({ url = "" }, response) => {
        seen.push(url)
        response.end(`${url} served`)
      })
      assert.strictEqual(yield* Fiber.join(early), "/early served")
      assert.strictEqual(yield* ask(server, "/late"), "/late served")
      assert.deepStrictEqual(seen, ["/early", "/late"])
    }).pipe(Effect.scoped)
  )
})
