/** How much waits in each queue, for how long, and whether somebody has stopped it. */
import type { QueueStatus } from "../../../../jobs/Job.ts"
import { lasting } from "../../../../ops/lasting.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { change, seen } from "../shown.ts"
import { table } from "../table.ts"

const lever = ({ paused, queue: name }: QueueStatus) =>
  paused === undefined
    ? change("pause", { thing: "queue", name, verb: "pause" })
    : markup`<span class="warn">paused by ${paused.actor}: ${paused.reason}</span>
        ${change("resume", { thing: "queue", name, verb: "resume" })}`

const show = (look: Look): Markup =>
  seen(look, look.queues, (all) =>
    all.length === 0
      ? markup`<p class="good">Nothing waits, runs or is dead.</p>`
      : table<QueueStatus>(
          "Queues",
          [
            { heading: "queue", cell: ({ queue }) => queue },
            { heading: "ready", figures: true, cell: ({ ready }) => ready },
            { heading: "later", figures: true, cell: ({ delayed }) => delayed },
            { heading: "running", figures: true, cell: ({ running }) => running },
            {
              heading: "dead",
              figures: true,
              cell: ({ dead }) => dead,
              look: ({ dead }) => (dead > 0 ? "bad" : undefined)
            },
            { heading: "oldest", figures: true, cell: ({ oldestSeconds }) => lasting(oldestSeconds) },
            { heading: "change", cell: lever }
          ],
          all
        )
  )

export const queues = { title: "Queues", show }
