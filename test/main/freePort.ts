/** A port that nobody listens on at the moment: for who has to be found at the same one again. */
import * as net from "node:net"
import { Effect } from "effect"

export const freePort = Effect.callback<number>((resume) => {
  const server = net.createServer()
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})
