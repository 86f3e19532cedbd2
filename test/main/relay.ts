/** Stands between a client and a shop: passes everything on, notes what it saw, and loses what it is told to lose. */
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  /** Milliseconds, of one clock for all. */
  readonly at: number
  /** What the shop answered; none if it was never asked. */
  status?: number
  answer?: http.IncomingHttpHeaders
}

/** The connection breaks `before` the shop hears of the request, or `after` it answered. */
export type Loss = "before" | "after"

export const startRelay = Effect.fnUntraced(function* (target: string) {
  const seen: Array<Seen> = []
  const losses: Array<Loss> = []
  const agent = new http.Agent({ keepAlive: true })

  const pass = (request: http.IncomingMessage, response: http.ServerResponse) => {
    const { headers, method = "GET", url: path = "/" } = request
    const entry: Seen = { method, path, headers, at: performance.now() }
    seen.push(entry)
    const loss = losses.shift()
    const broken = () => void request.socket.resetAndDestroy()
    if (loss === "before") return broken()
    const inner = http.request(`${target}${path}`, { agent, method, headers }, (answer) => {
      const { connection: _theirs, ...rest } = answer.headers
      Object.assign(entry, { status: answer.statusCode, answer: rest })
      if (loss === "after") return void answer.resume().on("end", broken)
      response.writeHead(answer.statusCode ?? 502, rest)
      answer.pipe(response)
    })
    inner.on("error", broken)
    request.pipe(inner)
  }
  const server = yield* Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const listening = http.createServer(pass).listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
    }),
    (open) =>
      Effect.sync(() => {
        open.close()
        open.closeAllConnections()
        agent.destroy()
      })
  )
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The next requests lose their answer, in this way each. */
    lose: (...next: ReadonlyArray<Loss>) => Effect.sync(() => void losses.push(...next)),
    seen: Effect.sync((): ReadonlyArray<Seen> => [...seen])
  }
})
