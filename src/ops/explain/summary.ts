/** An explanation in a sentence or two: what it is, why it waits, and what comes first. */
import { DateTime } from "effect"
import { moneyInWords } from "../../orders/moneyInWords.ts"
import { lasting } from "../lasting.ts"
import type { DeferredFacts, Next, OrderFacts, Reason } from "./Explanation.ts"

interface Told {
  readonly orders: ReadonlyArray<OrderFacts>
  readonly deferred: ReadonlyArray<DeferredFacts>
  readonly waits: ReadonlyArray<Reason>
  readonly next: ReadonlyArray<Next>
  readonly now: Date
}

const sinceOf = (at: DateTime.Utc, now: Date) => lasting((now.getTime() - DateTime.toEpochMillis(at)) / 1000)

export const inOneSentence = ({ deferred, next, now, orders, waits }: Told): string => {
  const things = [
    ...orders.map(({ failure, id, since, status, total }) => {
      const why = failure === null ? "" : ` (${failure})`
      return `${id} over ${moneyInWords(total.amount, total.currency)} has been ${status.replaceAll("_", " ")}${why} for ${sinceOf(since, now)}`
    }),
    ...deferred
      .filter(({ status }) => status !== "applied")
      .map(({ accepted_at, failure, id, kind, status }) => {
        const became = status === "waiting" ? "waits to be decided" : `failed (${failure ?? "unknown"})`
        return `${id}, ${kind === "order" ? "an order" : "a sign up"} taken ${sinceOf(accepted_at, now)} ago, ${became}`
      })
  ]
  const what = things.length === 0 ? "No order came of it" : things.join("; ")
  const why = waits.length === 0 ? "" : ` It waits: ${waits.map((reason) => reason.what).join("; ")}.`
  const [first] = next
  const then = first === undefined ? "" : ` Next${inTime(first, now)}: ${first.what}.`
  return `${what}.${why}${then}`
}

const inTime = ({ at }: Next, now: Date): string => {
  if (at === undefined) return ""
  const millis = DateTime.toEpochMillis(at) - now.getTime()
  return millis < 1_000 ? ", now" : `, in ${lasting(millis / 1000)}`
}
