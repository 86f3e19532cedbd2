/**
 * One request to the collector: sent, or refused for good, or to be tried again. Bounded in time; the answer is not read.
 *
 * The collector is no dependency of the shop: nobody waits for it, and nothing is decided by what it says.
 */
import { Effect } from "effect"
import * as http from "node:http"
import * as https from "node:https"

export type Posted =
  | { readonly _tag: "Taken" }
  | { readonly _tag: "Refused"; readonly reason: string }
  /** `afterMillis`: the collector said when. */
  | { readonly _tag: "Later"; readonly reason: string; readonly afterMillis: number }

/** A collector that takes longer is down. */
const patience = "5 seconds"

/** As OTLP has it: these may be repeated, every other refusal is for good. */
const passing = new Set([408, 429, 502, 503, 504])

const verdictOf = (status: number, retryAfter: string | undefined): Posted => {
  if (status >= 200 && status < 300) return { _tag: "Taken" }
  const reason = `status_${status}`
  if (!passing.has(status)) return { _tag: "Refused", reason }
  const seconds = /^\d{1,5}$/.test(retryAfter ?? "") ? Number(retryAfter) : 0
  return { _tag: "Later", reason, afterMillis: seconds * 1000 }
}

const unreachable: Posted = { _tag: "Later", reason: "unreachable", afterMillis: 0 }
const late: Posted = { _tag: "Later", reason: "no_answer", afterMillis: 0 }

/** One connection, kept open. Closed with `close`. */
export const openPost = (url: string) => {
  const { Agent, request: requesting } = url.startsWith("https:") ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    post: (body: string | Uint8Array): Effect.Effect<Posted> =>
      Effect.callback<Posted>((resume) => {
        const bytes = typeof body === "string" ? Buffer.from(body) : body
        const headers = { "content-type": "application/json", "content-length": bytes.length }
        const request = requesting(url, { method: "POST", agent, headers }, (response) => {
          const verdict = verdictOf(response.statusCode ?? 0, response.headers["retry-after"])
          response.on("end", () => resume(Effect.succeed(verdict))).on("error", () => resume(Effect.succeed(verdict)))
          response.resume()
        })
        request.on("error", () => resume(Effect.succeed(unreachable))).end(bytes)
        return Effect.sync(() => request.destroy())
      }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed(late) })),
    close: () => agent.destroy()
  }
}
