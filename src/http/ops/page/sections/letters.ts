/** Dead letters by what they failed with. A replay says first whether it is safe. */
import type { LetterGroup } from "../../../../jobs/DeadLetter.ts"
import { lasting } from "../../../../ops/lasting.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { change, secondsBetween, seen } from "../shown.ts"
import { table } from "../table.ts"

const show = (look: Look): Markup =>
  seen(look, look.letters, (groups) =>
    groups.length === 0
      ? markup`<p class="good">None.</p>`
      : table<LetterGroup>(
          "Dead letters",
          [
            { heading: "queue", cell: ({ queue }) => queue },
            { heading: "error", cell: ({ code }) => code },
            { heading: "category", cell: ({ category }) => category },
            { heading: "how many", figures: true, cell: ({ count }) => count, look: () => "bad" },
            {
              heading: "first",
              figures: true,
              cell: ({ firstFailedAt }) => `${lasting(secondsBetween(firstFailedAt, look.at))} ago`
            },
            {
              heading: "last",
              figures: true,
              cell: ({ lastFailedAt }) => `${lasting(secondsBetween(lastFailedAt, look.at))} ago`
            },
            {
              heading: "change",
              cell: ({ code, queue: name }) => [
                change("replay", { thing: "letters", name, code, verb: "replay" }),
                change("discard", { thing: "letters", name, code, verb: "discard" })
              ]
            }
          ],
          groups
        )
  )

export const letters = { title: "Dead letters", show }
