/** What must be zero: how many rows break it, who was asked, and when they were compared last. */
import { DateTime } from "effect"
import type { Invariant } from "../../../../ops/Invariants.ts"
import { lasting } from "../../../../ops/lasting.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { secondsBetween } from "../shown.ts"
import { table } from "../table.ts"

const isBroken = ({ count = 0 }: Invariant) => count > 0
/** "Not compared" is not zero. */
const countOf = ({ count }: Invariant) => (count === undefined ? "not compared" : count)

const rowsOf = ({ count = 0, name, rows }: Invariant) =>
  rows.length === 0
    ? undefined
    : markup`<details id="rows-${name}"><summary>${rows.length} of ${count}</summary>
        <ul>${rows.map((row) => markup`<li><code>${row}</code></li>`)}</ul></details>`

const tableOf = (look: Look, all: ReadonlyArray<Invariant>): Markup =>
  table<Invariant>(
    "Invariants",
    [
      { heading: "must be zero", cell: ({ name }) => name.replaceAll("_", " ") },
      {
        heading: "rows",
        figures: true,
        cell: countOf,
        look: (one) => (isBroken(one) ? "bad" : one.count === undefined ? "warn" : "good")
      },
      { heading: "witnesses", cell: ({ witnesses: [one, other] }) => `${one} and ${other}`.replaceAll("_", " ") },
      {
        heading: "compared",
        cell: ({ checked_at }) =>
          checked_at === undefined ? "never" : `${lasting(secondsBetween(checked_at, look.at))} ago`
      },
      { heading: "which", cell: rowsOf }
    ],
    all
  )

const show = (look: Look): Markup => {
  const told = look.invariants.filter((one) => isBroken(one))
  const rest = look.invariants.filter((one) => !isBroken(one))
  const compared = rest.filter(({ count }) => count !== undefined)
  const oldest = compared
    .flatMap(({ checked_at }) => (checked_at === undefined ? [] : [checked_at]))
    .sort(DateTime.Order)[0]
  const since = oldest !== undefined && `, the oldest comparison ${lasting(secondsBetween(oldest, look.at))} ago`
  return markup`${told.length > 0 && tableOf(look, told)}
    <details id="invariants-well"><summary>
      <span class="${told.length === 0 ? "good" : "soft"}">${compared.length} are zero${since}</span>${
        compared.length < rest.length &&
        markup`; <span class="warn">${rest.length - compared.length} were not compared since this node started</span>`
      }
    </summary>${tableOf(look, rest)}</details>`
}

export const invariants = { title: "Must be zero", show }
