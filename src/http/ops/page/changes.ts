/**
 * What the page can change, what that would do, and doing it: the same levers as the operators' API has.
 *
 * Each is shown with what it affects before anybody confirms it.
 */
import { type DateTime, Effect } from "effect"
import { type LetterFilter } from "../../../jobs/DeadLetter.ts"
import { DeadLetters } from "../../../jobs/DeadLetters.ts"
import { Jobs } from "../../../jobs/Jobs.ts"
import { SwitchTargetUnknown } from "../../../ops/errors.ts"
import { switchboard } from "../../../ops/switchboard.ts"
import { markup } from "../../markup.ts"

export interface Wanted {
  readonly thing: "switch" | "circuit" | "queue" | "letters"
  readonly name: string
  readonly verb: string
  /** Of dead letters: only those with this error. */
  readonly code?: string | undefined
}
export interface By {
  readonly actor: string
  readonly reason: string
  readonly until: DateTime.Utc | undefined
}

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
  "letters discard": "They are never run. They stay readable until retention removes them."
}
const canEnd: ReadonlySet<string> = new Set(["switch off", "circuit force-open", "circuit disable"])

export const changes = Effect.gen(function* () {
  const letters = yield* DeadLetters
  const jobs = yield* Jobs
  const board = yield* switchboard

  const filterOf = ({ code, name }: Wanted): LetterFilter => ({ queue: name, code })
  const unknown = Effect.fail(new SwitchTargetUnknown())

  /** What it would do, in words and numbers. Fails when there is no such thing to change. */
  const preview = Effect.fnUntraced(function* (wanted: Wanted) {
    const word = wordOf[`${wanted.thing} ${wanted.verb}`]
    if (wanted.thing === "letters" && (wanted.verb === "replay" || wanted.verb === "discard")) {
      const { assessed, items, letters: count, verdicts } = yield* letters.preview(filterOf(wanted))
      const facts = markup`<p>
        <strong>${count}</strong> dead letters of ${wanted.name} with ${wanted.code ?? "any error"}.
      </p>`
      if (wanted.verb === "discard")
        return markup`${facts}
          <p>${word}</p>`
      return markup`${facts}
        <p>
          Of the ${assessed} looked at: <span class="good">${verdicts.safe} safe to repeat</span>,
          <span class="warn">${verdicts.asks_first} find out first what happened</span>,
          <span class="bad">${verdicts.unknown} not known</span>. Each runs once, however often this is asked for.
        </p>
        <ul>
          ${items.slice(0, 10).map(({ id, key, would }) => markup`<li>${id} (${key}): ${would}</li>`)}
        </ul>`
    }
    return word === undefined ? yield* unknown : markup`<p>${word}</p>`
  })

  const perform = Effect.fnUntraced(function* (wanted: Wanted, { actor, reason, until }: By) {
    const { name } = wanted
    const by = { actor, reason }
    switch (`${wanted.thing} ${wanted.verb}`) {
      case "switch off":
        return yield* board.off(name, { ...by, until })
      case "switch on":
        return yield* board.on(name, by)
      case "circuit force-open":
        return yield* board.forceOpen(name, { ...by, until })
      case "circuit disable":
        return yield* board.disable(name, { ...by, until })
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
      default:
        return yield* unknown
    }
  })
  return { preview, perform }
})

export const mayEnd = ({ thing, verb }: Wanted) => canEnd.has(`${thing} ${verb}`)

export const titleOf = ({ code, name, thing, verb }: Wanted) =>
  thing === "letters"
    ? `${verb} dead letters of ${name}${code === undefined ? "" : ` with ${code}`}`
    : `${thing} ${name}: ${verb}`
