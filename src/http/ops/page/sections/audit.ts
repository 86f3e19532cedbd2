/** The last changes that operators made. */
import type { Audited } from "../../../../ops/auditTail.ts"
import { lasting } from "../../../../ops/lasting.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { secondsBetween, seen } from "../shown.ts"
import { table } from "../table.ts"

const show = (look: Look): Markup =>
  seen(look, look.audit, (all) =>
    all.length === 0
      ? markup`<p class="soft">Nobody has changed anything yet.</p>`
      : table<Audited>(
          "Audit",
          [
            { heading: "when", cell: ({ at }) => `${lasting(secondsBetween(at, look.at))} ago` },
            { heading: "who", cell: ({ actor }) => actor },
            { heading: "what", cell: ({ action }) => action },
            { heading: "of what", cell: ({ target }) => markup`<code>${target}</code>` },
            { heading: "why", cell: ({ reason }) => reason }
          ],
          all
        )
  )

export const audit = { title: "Audit", show }
