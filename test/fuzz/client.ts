/** Sends what the fuzzer made, over connections that are kept open, and hands back what came. */
import { Effect } from "effect"
import * as http from "node:http"
import type { Sent } from "./requests.ts"

export interface Got {
  /** 0 when there was no answer; `text` says why. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** What a connection was used for last, for whoever finds it closed. */
const usedFor = new WeakMap<object, string>()

/** Longer than anything may take. */
const answersWithinMillis = 40_000

export const sendTo = (agent: http.Agent, url: string, { body, headers, method, path }: Sent): Effect.Effect<Got> =>
  Effect.callback((resume) => {
    const { hostname, port } = new URL(url)
    const done = (got: Got) => resume(Effect.succeed(got))
    let before = ""
    const failed = (error: NodeJS.ErrnoException) =>
      done({ status: 0, headers: {}, text: `${error.code ?? error.message} on a connection ${before}` })
    const options = { agent, host: hostname, port, method, path, headers, timeout: answersWithinMillis }
    const request = http.request(options, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("error", failed)
      response.on("end", () => {
        const flat = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        done({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(flat) as Record<string, string>,
          text: Buffer.concat(parts).toString()
        })
      })
    })
    request.on("socket", (socket) => {
      before = usedFor.get(socket) ?? "of its own"
      const what = `used for ${method} ${path.slice(0, 80)} ${JSON.stringify(headers).slice(0, 300)} ${body?.length ?? 0} bytes`
      usedFor.set(socket, what)
      request.on("response", (response) =>
        usedFor.set(socket, `${what}: ${response.statusCode} ${JSON.stringify(response.headers)}`)
      )
    })
    request.on("timeout", () => request.destroy(new Error(`no answer after ${answersWithinMillis} ms`)))
    request.on("error", failed)
    request.on("continue", () => undefined)
    request.end(body)
    return Effect.sync(() => request.destroy())
  })
