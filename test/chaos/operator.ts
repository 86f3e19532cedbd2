/** An operator of the shop's, by its own port: replays what needs a person once the reason is gone, and makes operators. */
import { Effect, Schedule } from "effect"
import { request } from "../main/client.ts"
import type { Environment } from "../main/process.ts"
import type { Node } from "./node.ts"

const token = "a-token-of-the-chaos-operator"

/** Of a shop that knows this operator. */
export const operatorsEnv: Environment = { OPS_TOKENS: `chaos:operator:${token}` }

interface Replay {
  readonly id: string
  readonly items: number
  readonly results: { readonly done: number; readonly dead: number; readonly skipped: number }
}

const nothing = { items: 0, results: { done: 0, dead: 0, skipped: 0 } }
/** A pace at which those who order meanwhile do not notice. */
const perSecond = 10

const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
const post = <Body>(node: Node, path: string, body: object) =>
  Effect.flatMap(node.opsUrl, (url) =>
    request<Body>(`${url}/ops/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  )

/** This account may refund from now on. */
export const makeOperator = (node: Node, userId: string) =>
  Effect.asVoid(post(node, `operators/${userId}/add`, { reason: "refunds in a drill" }))

/** Replays all that is dead now, and returns what became of it when each has ended, or after half a minute. */
export const replayAll = Effect.fnUntraced(function* (node: Node) {
  const begun = yield* post<Replay>(node, "dead-letters/replay", {
    filter: {},
    reason: "the provider is well again",
    per_second: perSecond
  })
  const look = request<Replay>(`${yield* node.opsUrl}/ops/api/replays/${begun?.body.id ?? ""}`, { headers })
  const last = yield* Effect.repeat(look, {
    until: (answer) => {
      const { items, results } = answer?.body ?? nothing
      return results.done + results.dead + results.skipped === items
    },
    schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ times: 120 }))
  })
  return last?.status === 200 ? last.body : nothing
})
