/**
 * One sentence: how it is, what to look at first, and where it is written what to do then.
 *
 * It is read aloud whenever it changes, so nothing in it counts seconds.
 */
import { DateTime, Option } from "effect"
import { lasting } from "../../../../ops/lasting.ts"
import type { DependencySnapshot } from "../../../../resilience/index.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look, Seen } from "../Console.ts"
import { secondsBetween, time } from "../shown.ts"
import { sum } from "../sparkline.ts"

/** Pages of the runbook that a fact may lead to. */
export const runbookPages = [
  "CircuitOpen",
  "DatabaseDown",
  "DeadLetters",
  "InvariantBroken",
  "InvariantsNotCompared",
  "OrdersDropped",
  "PaymentsInDoubt",
  "QueueStalled",
  "SwitchedOffForADay"
] as const

interface Fact {
  readonly text: Markup
  readonly weight: "bad" | "warn"
  readonly page?: (typeof runbookPages)[number]
}

/** The sentence in its parts. */
export const judged = (look: Look) => {
  const facts = [
    ...ofDatabase(look),
    ...ofInvariants(look),
    ...ofFlow(look),
    ...ofCircuits(look),
    ...ofDoubts(look),
    ...ofSwitches(look),
    ...ofQueues(look),
    ...ofLetters(look)
  ]
  const kind = facts.some(({ weight }) => weight === "bad") ? "bad" : facts.length > 0 ? "warn" : "good"
  const word = { bad: "Degraded", warn: "Running, with something to look at", good: "All is well" }[kind]
  return { facts, kind, word } as const
}

export const verdict = (look: Look): Markup => {
  const { facts, kind, word } = judged(look)
  const told = facts.map(({ page, text }, index) => {
    const todo = page !== undefined && markup` (<a href="/ops/runbook#${page.toLowerCase()}">${page}</a>)`
    return markup`${text}${todo}${index < facts.length - 1 && ";"}`
  })
  return markup`<p class="verdict ${kind}"><strong>${word}</strong>${facts.length > 0 && ": "}${told}.</p>`
}

/** What the sentence rests on, and how old that is. */
export const asOf = (look: Look): Markup => {
  const count = (name: string) => look.invariants.find((one) => one.name === name)
  const [lost, twice] = [count("acknowledged_order_missing"), count("captured_twice")]
  const money =
    lost?.count === 0 && twice?.count === 0 && lost.checked_at !== undefined
      ? markup`No order is lost and none is charged twice, as compared at ${time(lost.checked_at)}.`
      : markup`Whether an order is lost or charged twice was not compared yet, or is told above.`
  return markup`<p class="soft">As of ${time(look.at)} UTC, this node's view; it has looked for
    ${lasting(secondsBetween(look.since, look.at))}. ${money}</p>`
}

const isWell = ({ state, switchedOff }: DependencySnapshot) => state === "closed" && !switchedOff
const seconds = (value: number) => ({ seconds: value })

const ofDatabase = (look: Look): ReadonlyArray<Fact> => {
  const draining: ReadonlyArray<Fact> = look.draining
    ? [{ text: markup`this node is shutting down`, weight: "warn" }]
    : []
  const blind = Option.isNone(look.letters) || look.letters.value.old
  return blind
    ? [...draining, { text: markup`the database cannot be read: what is below is from before`, weight: "bad" }]
    : draining
}

const ofCircuits = (look: Look): ReadonlyArray<Fact> =>
  look.circuits
    .filter((circuit) => !isWell(circuit))
    .map(({ name, state, stateMillis, switchedOff }) => {
      const since = DateTime.subtract(look.at, seconds(stateMillis / 1000))
      const how = switchedOff ? "is switched off" : `${state.replaceAll("_", " ")} since`
      return {
        text: switchedOff ? markup`${name} ${how}` : markup`${name} ${how} ${time(since, "minute")}`,
        weight: "bad",
        page: name === "database" ? "DatabaseDown" : switchedOff ? "SwitchedOffForADay" : "CircuitOpen"
      }
    })

/** Compared each minute: what is ten times as old was not compared. */
const comparedWithinSeconds = 600
const ofInvariants = (look: Look): ReadonlyArray<Fact> => {
  const broken = look.invariants.filter(({ count = 0 }) => count > 0)
  const last = look.invariants.find(({ name }) => name === "order_without_job")?.checked_at ?? look.since
  return [
    ...broken.map(({ count, name }): Fact => ({
      text: markup`${name.replaceAll("_", " ")}: ${count}`,
      weight: "bad",
      page: "InvariantBroken"
    })),
    ...(secondsBetween(last, look.at) > comparedWithinSeconds
      ? [
          {
            text: markup`the invariants were not compared since ${time(last, "minute")}`,
            weight: "warn",
            page: "InvariantsNotCompared"
          } as const
        ]
      : [])
  ]
}

/**
 * The last five whole minutes have fewer than half of the orders of the same minutes an hour before, which had ten a minute or
 * more. The alert looks at the whole hour before, so it is slower to tell, and not misled by a burst.
 */
const lately = 5
const worthComparing = 10 * lately
const ofFlow = (look: Look): ReadonlyArray<Fact> => {
  const placed = Option.match(look.flow, { onNone: () => [], onSome: ({ value }) => value.counts.placed })
  const now = sum(placed.slice(-lately))
  const before = sum(placed.slice(placed.length / 2 - lately, placed.length / 2))
  return before < worthComparing || now * 2 >= before
    ? []
    : [
        {
          text: markup`${now} orders in ${lately} minutes, ${before} an hour ago`,
          weight: "bad",
          page: "OrdersDropped"
        }
      ]
}

const hour = 3600
const ofDoubts = (look: Look): ReadonlyArray<Fact> => {
  const found = Option.getOrUndefined(look.doubts)
  const [oldest] = found?.value.oldest ?? []
  if (found === undefined || oldest === undefined) return []
  const since = DateTime.subtract(found.at, seconds(oldest.ageSeconds))
  const { count } = found.value
  return [
    {
      text: markup`${count} ${count === 1 ? "payment is" : "payments are"} in doubt, the oldest since ${time(since, "minute")}`,
      weight: oldest.ageSeconds > hour ? "bad" : "warn",
      page: "PaymentsInDoubt"
    }
  ]
}

/** What a circuit of this node does not tell: features, and what only other nodes call. */
const ofSwitches = ({ circuits, switches }: Look): ReadonlyArray<Fact> => {
  const told = new Set(circuits.filter(({ switchedOff }) => switchedOff).map(({ name }) => name))
  return switches
    .filter(({ name, off }) => off !== undefined && !told.has(name))
    .map(({ name, of }): Fact => {
      const text = markup`${name} is switched off`
      return of === "feature" ? { text, weight: "warn" } : { text, weight: "bad", page: "SwitchedOffForADay" }
    })
}

/** The alert's threshold; it waits for five minutes more. */
const stalledAfterSeconds = 300
const ofQueues = (look: Look): ReadonlyArray<Fact> =>
  list(look.queues).flatMap(({ oldestSeconds, paused, queue }): ReadonlyArray<Fact> => {
    if (paused !== undefined) return [{ text: markup`the queue ${queue} is paused`, weight: "warn" }]
    return oldestSeconds > stalledAfterSeconds
      ? [
          {
            text: markup`the queue ${queue} has waited for more than five minutes`,
            weight: "bad",
            page: "QueueStalled"
          }
        ]
      : []
  })

const ofLetters = (look: Look): ReadonlyArray<Fact> => {
  const dead = list(look.letters).reduce((all, { count }) => all + count, 0)
  if (dead === 0) return []
  return [{ text: markup`${dead} dead ${dead === 1 ? "letter" : "letters"}`, weight: "warn", page: "DeadLetters" }]
}

const list = <A>(found: Option.Option<Seen<ReadonlyArray<A>>>): ReadonlyArray<A> =>
  Option.match(found, { onNone: () => [], onSome: ({ value }) => value })
