/** Whom a change would touch, in numbers, as they were at the last look. Nothing where nobody can say. */
import { Option } from "effect"
import { lasting } from "../../../ops/lasting.ts"
import { moneyInWords } from "../../../orders/moneyInWords.ts"
import type { Wanted } from "./changes.ts"
import type { Look } from "./Console.ts"
import { sum } from "./sparkline.ts"

const perMinute = 60

export const affected = ({ name, thing }: Wanted, look: Look): ReadonlyArray<string> => {
  switch (thing) {
    case "queue":
      return ofQueue(name, look)
    case "order":
      return ofOrder(name, look)
    case "letters":
      return []
    default:
      return [...ofCalls(name, look), ...ofOrders(name, look)]
  }
}

const ofCalls = (name: string, { rates }: Look) => {
  const rate = rates.get(name)
  if (rate === undefined) return []
  return [`${Math.round(rate.callsPerSecond * perMinute)} calls of it were made in the last minute by this node.`]
}

/** What no order can do without. */
const inEveryOrder: ReadonlySet<string> = new Set(["checkout", "payments", "inventory"])
const ofOrders = (name: string, look: Look) => {
  const flow = Option.getOrUndefined(look.flow)?.value
  if (flow === undefined || !inEveryOrder.has(name)) return []
  const placed = sum(flow.counts.placed.slice(flow.counts.placed.length / 2))
  const waiting = flow.waiting.reduce((all, { count }) => all + count, 0)
  return [`${placed} orders were placed in the last hour; ${waiting} are on their way now.`]
}

const ofQueue = (name: string, { queues }: Look) =>
  (Option.getOrUndefined(queues)?.value ?? [])
    .filter(({ queue }) => queue === name)
    .map(({ delayed, ready, running }) => `${ready} of its jobs are ready, ${delayed} are due later, ${running} run.`)

const ofOrder = (name: string, { doubts }: Look) =>
  (Option.getOrUndefined(doubts)?.value.oldest ?? [])
    .filter(({ orderId }) => orderId === name)
    .map(
      ({ ageSeconds, amountMinor, currency, operation }) =>
        `Its ${operation} of ${moneyInWords(amountMinor, currency)} has been in doubt for ${lasting(ageSeconds)}.`
    )
