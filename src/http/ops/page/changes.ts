/**
 * What the page can change, what that would do, and doing it: the same levers as the operators' API has.
 *
 * Each is shown with what it affects before anybody confirms it.
 */
import { type DateTime, Effect, Option, Schema } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../../../database/errors.ts"
import type { LetterFilter } from "../../../jobs/DeadLetter.ts"
import { DeadLetters } from "../../../jobs/DeadLetters.ts"
import type { ReplayNotFound } from "../../../jobs/errors.ts"
import { Jobs } from "../../../jobs/Jobs.ts"
import { askingNow } from "../../../ops/doubts.ts"
import { SwitchTargetUnknown } from "../../../ops/errors.ts"
import { faultModes, playedFaults, type ProviderFault, providers } from "../../../ops/ProviderFaults.ts"
import { switchboard } from "../../../ops/switchboard.ts"
import type { OrderNotFound } from "../../../orders/errors.ts"
import { OrderId } from "../../../orders/Order.ts"
import { markup, type Markup } from "../../markup.ts"

export interface Wanted {
  readonly thing: "switch" | "circuit" | "queue" | "letters" | "order" | "provider"
  readonly name: string
  readonly verb: string
  /** Of dead letters: only those with this error. Of a provider: the fault. */
  readonly code?: string | undefined
}
interface By {
  readonly actor: string
  readonly reason: string
  readonly until: DateTime.Utc | undefined
}
type Failures = SwitchTargetUnknown | ReplayNotFound | OrderNotFound | DatabaseUnavailable | QueryTimeout

/** By thing and verb: what it would do. */
const wordOf: Readonly<Record<string, string>> = {
  "switch off":
    "New requests for it are refused, or answered without it, on every node within a second. What was begun goes on.",
  "switch on": "It is used again on every node within a second.",
  "circuit force-open":
    "Every call to it is refused on every node until this ends; orders wait, reads show what was known last.",
  "circuit disable": "Every call to it is let through on every node, however many fail.",
  "circuit reset": "Ends what operators ordered on every node; this node's circuit begins anew, closed.",
  "queue pause": "No job of this queue is begun on any node. Those that run finish. Jobs wait, and nothing is lost.",
  "queue resume": "Its jobs are begun again.",
  "letters replay": "Each runs once more, however often this is asked for.",
  "letters discard": "They are never run. They stay readable until retention removes them.",
  "order ask":
    "Its job runs now instead of later, and asks the provider what became of what was sent. Nothing is sent under another key.",
  "provider break":
    "The sandbox lets this provider fail in this way until it is repaired. Customers' orders wait, as they would.",
  "provider repair": "It answers as it should from now on. What waits for it goes on by itself."
}
const canEnd: ReadonlySet<string> = new Set(["switch off", "circuit force-open", "circuit disable"])
const actOf = ({ thing, verb }: Wanted) => `${thing} ${verb}`

export const changes = Effect.gen(function* () {
  const letters = yield* DeadLetters
  const jobs = yield* Jobs
  const board = yield* switchboard
  const askNow = yield* askingNow
  const played = yield* playedFaults

  const filterOf = ({ code, name }: Wanted): LetterFilter => ({ queue: name, code })
  const unknown = Effect.fail(new SwitchTargetUnknown())

  /** The letters that are meant, and what would become of them. */
  const lettersMeant = Effect.fnUntraced(function* (wanted: Wanted) {
    const { assessed, items, letters: count, verdicts } = yield* letters.preview(filterOf(wanted))
    const facts = markup`<p>
      <strong>${count}</strong> dead letters of ${wanted.name} with ${wanted.code ?? "any error"}.
    </p>`
    if (wanted.verb !== "replay") return facts
    return markup`${facts}
      <p>
        Of the ${assessed} looked at: <span class="good">${verdicts.safe} safe to repeat</span>,
        <span class="warn">${verdicts.asks_first} find out first what happened</span>,
        <span class="bad">${verdicts.unknown} not known</span>.
      </p>
      <ul>
        ${items.slice(0, 10).map(({ id, key, would }) => markup`<li>${id} (${key}): ${would}</li>`)}
      </ul>`
  })

  /** What it would do, in words and numbers. Fails when there is no such thing to change. */
  const preview = Effect.fnUntraced(function* (
    wanted: Wanted
  ): Effect.fn.Return<Markup, SwitchTargetUnknown | DatabaseUnavailable | QueryTimeout> {
    const word = wordOf[actOf(wanted)]
    if (word === undefined) return yield* unknown
    const meant = wanted.thing === "letters" ? yield* lettersMeant(wanted) : undefined
    return markup`${meant} <p>${word}</p>`
  })

  const provider = Effect.fnUntraced(function* ({ code, name, verb }: Wanted, by: By) {
    const known = providers.find((one) => one === name)
    if (Option.isNone(played) || known === undefined) return yield* unknown
    if (verb === "repair") return yield* played.value.clear(known, by)
    const fault = faultOf(known, code)
    return fault === undefined ? yield* unknown : yield* played.value.add(fault, by)
  })

  const perform = Effect.fnUntraced(function* (wanted: Wanted, by: By): Effect.fn.Return<void, Failures> {
    const { name } = wanted
    switch (actOf(wanted)) {
      case "switch off":
        return yield* board.off(name, by)
      case "switch on":
        return yield* board.on(name, by)
      case "circuit force-open":
        return yield* board.forceOpen(name, by)
      case "circuit disable":
        return yield* board.disable(name, by)
      case "circuit reset":
        return yield* board.reset(name, by)
      case "queue pause":
        return yield* jobs.pause(name, by)
      case "queue resume":
        return yield* jobs.resume(name, by)
      case "letters replay":
        return yield* Effect.asVoid(letters.replay(filterOf(wanted), by))
      case "letters discard":
        return yield* Effect.asVoid(letters.discard(filterOf(wanted), by))
      case "order ask":
        return isOrderId(name) ? yield* askNow(name, by) : yield* unknown
      case "provider break":
      case "provider repair":
        return yield* provider(wanted, by)
      default:
        return yield* unknown
    }
  })
  return { preview, perform }
})

const isOrderId = Schema.is(OrderId)

/** Slow enough that a deadline notices, and an answer all the same. */
const slowMillis = 3_000
/** A fault by its mode alone: what else it needs is what is tried most. */
const faultOf = (provider: ProviderFault["provider"], code: string | undefined): ProviderFault | undefined => {
  const mode = [...faultModes.before, ...faultModes.during, ...faultModes.after].find((one) => one === code)
  if (mode === undefined) return undefined
  if (mode === "status" || mode === "status_after") return { provider, mode, status: 503 }
  return mode === "latency" ? { provider, mode, ms: slowMillis } : { provider, mode }
}

export const mayEnd = (wanted: Wanted) => canEnd.has(actOf(wanted))

export const titleOf = ({ code, name, thing, verb }: Wanted) =>
  thing === "letters"
    ? `${verb} dead letters of ${name}${code === undefined ? "" : ` with ${code}`}`
    : `${thing} ${name}: ${verb}${code === undefined ? "" : `, ${code.replaceAll("_", " ")}`}`
