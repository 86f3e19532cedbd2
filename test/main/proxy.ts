/**
 * A small proxy that honours readiness, as any does: it looks at each node ten times a second, sends requests to those
 * that are ready, in turns, over connections that it keeps, and repeats nothing.
 */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Schedule } from "effect"

interface Node {
  readonly url: string
  ready: boolean
}

const isReady = (url: string) =>
  Effect.callback<boolean>((resume) => {
    const request = http.get(`${url}/readyz`, { agent: false, timeout: 2_000 }, (response) => {
      response.resume()
      resume(Effect.succeed(response.statusCode === 200))
    })
    request.on("timeout", () => request.destroy())
    request.on("error", () => resume(Effect.succeed(false)))
    return Effect.sync(() => request.destroy())
  })

export const startProxy = Effect.gen(function* () {
  const nodes: Array<Node> = []
  let turn = 0
  const agent = new http.Agent({ keepAlive: true })
  const forward = (request: http.IncomingMessage, response: http.ServerResponse) => {
    const ready = nodes.filter((node) => node.ready)
    const node = ready[turn++ % ready.length]
    if (node === undefined) return void response.writeHead(502).end("{}")
    const { headers, method = "GET", url = "/" } = request
    const inner = http.request(`${node.url}${url}`, { agent, method, headers }, (answer) => {
      const { connection: _theirs, ...rest } = answer.headers
      response.writeHead(answer.statusCode ?? 502, rest)
      answer.pipe(response)
    })
    inner.on("error", (error: NodeJS.ErrnoException) =>
      response.writeHead(502).end(JSON.stringify({ code: error.code }))
    )
    request.pipe(inner)
  }
  const server = yield* Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const listening = http.createServer(forward).listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
    }),
    (open) =>
      Effect.sync(() => {
        open.close()
        open.closeAllConnections()
        agent.destroy()
      })
  )
  const look = Effect.suspend(() =>
    Effect.forEach(nodes, (node) => Effect.map(isReady(node.url), (ready) => void (node.ready = ready)), {
      concurrency: "unbounded",
      discard: true
    })
  )
  yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced("100 millis")))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (url: string) => Effect.sync(() => void nodes.push({ url, ready: false })),
    /** Looks until so many nodes are ready. */
    untilReady: (many: number) =>
      Effect.repeat(
        Effect.sync(() => nodes.filter(({ ready }) => ready).length),
        { until: (ready) => ready === many, schedule: Schedule.spaced("20 millis") }
      )
  }
})
