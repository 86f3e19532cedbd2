/** How the page writes times, and how it offers a change. */
import { DateTime, Option } from "effect"
import { lasting } from "../../../ops/lasting.ts"
import { markup, type Markup } from "../../markup.ts"
import type { Look, Seen } from "./Console.ts"

export const secondsBetween = (from: DateTime.Utc, to: DateTime.Utc) =>
  (DateTime.toEpochMillis(to) - DateTime.toEpochMillis(from)) / 1000

/** To the second where it is looked at; to the minute where it is read aloud whenever it changes. */
export const time = (at: DateTime.Utc, to: "second" | "minute" = "second") => {
  const iso = DateTime.formatIso(at)
  return markup`<time datetime="${iso}">${iso.slice(11, to === "second" ? 19 : 16)}</time>`
}

/** With its day: for what may be long ago. */
export const day = (at: DateTime.Utc) => {
  const iso = DateTime.formatIso(at)
  return markup`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)}</time>`
}

interface Change {
  readonly thing: string
  readonly name: string
  readonly verb: string
  readonly code?: string
}

/** Leads to the page that says what it would do, and asks why. */
export const change = (text: string, wanted: Change) =>
  markup`<a class="act" aria-label="${text}: ${wanted.name}${wanted.code !== undefined && ` ${wanted.code}`}"
    href="/ops/change?${new URLSearchParams({ ...wanted }).toString()}">${text}</a>`

/** What came from the database, with its age when that is all there is. */
export const seen = <A>(look: Look, found: Option.Option<Seen<A>>, show: (value: A) => Markup): Markup =>
  Option.match(found, {
    onNone: () => markup`<p class="bad">Not known: it could not be read since this node started.</p>`,
    onSome: ({ at, old, value }) =>
      markup`${old && markup`<p class="warn">As of ${time(at)}, ${lasting(secondsBetween(at, look.at))} ago.</p>`}
        ${show(value)}`
  })
