/**
 * A wire to a PostgreSQL server that breaks, now and then, in the worst moment: COMMIT has arrived, its answer has not.
 *
 * The server does what it was told; who asked for it cannot know.
 */
import * as net from "node:net"
import { Effect, Redacted } from "effect"

export const breakingWire = Effect.fnUntraced(function* (url: Redacted.Redacted, every: number) {
  const target = new URL(Redacted.value(url))
  const [port, host] = [Number(target.port), target.hostname]
  const state = { commits: 0, broken: 0 }
  const proxy = net.createServer((client) => {
    const server = net.connect(port, host)
    server.pipe(client)
    client.on("data", (chunk) => {
      server.write(chunk)
      if (!/\bcommit\b/i.test(chunk.toString("latin1")) || ++state.commits % every !== 0) return
      state.broken += 1
      server.unpipe(client)
      client.destroy()
    })
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      from.on("error", () => to.destroy())
      from.on("close", () => to.end())
    }
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void proxy.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.sync(() => proxy.close())
  )
  target.port = String((proxy.address() as net.AddressInfo).port)
  return { url: target.href, broken: () => state.broken }
})
