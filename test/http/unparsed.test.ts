/** A client that does not finish its request in time: on a bare Node server whose patience is short. */
import { createServer } from "node:http"
import { connect } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { RequestId } from "../../src/http/RequestId.ts"
import { refuseUnparsed } from "../../src/http/unparsed.ts"
import { parsed, problemIn } from "./door.ts"

const impatient = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 }

const open = Effect.acquireRelease(
  Effect.callback<{ readonly server: ReturnType<typeof createServer>; readonly port: number }>((resume) => {
    const server = createServer(impatient)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed({ server, port: typeof address === "object" && address !== null ? address.port : 0 }))
    })
  }),
  ({ server }) => Effect.sync(() => server.close())
)

it.live("a request that does not arrive in time is answered as a problem, and its connection closed", () =>
  Effect.gen(function* () {
    const { port, server } = yield* open
    yield* refuseUnparsed(server)
    const said = yield* Effect.callback<string>((resume) => {
      const socket = connect(port, "127.0.0.1", () => socket.write("GET /livez HTTP/1.1\r\nHost: sh"))
      let text = ""
      socket.on("data", (part) => (text += part.toString()))
      socket.on("close", () => resume(Effect.succeed(text)))
    })
    const answer = parsed(said)
    assert.deepStrictEqual([answer.status, problemIn(answer).code], [408, "request_timeout"])
  }).pipe(Effect.provide(RequestId.layer))
)
