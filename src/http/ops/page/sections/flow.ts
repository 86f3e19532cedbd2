/** How orders flow: each step of the last hour as a line, before the hour before it; and which wait now. */
import { flowSteps, type Flow, type Waiting } from "../../../../ops/OrderFlow.ts"
import { lasting } from "../../../../ops/lasting.ts"
import { moneyInWords } from "../../../../orders/moneyInWords.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { seen } from "../shown.ts"
import { sparkline, sum } from "../sparkline.ts"
import { table } from "../table.ts"

interface Line {
  readonly name: string
  readonly values: ReadonlyArray<number | undefined>
  readonly written: (value: number) => string
}

const linesOf = ({ confirmedMinor, counts }: Flow): ReadonlyArray<Line> => [
  ...flowSteps.map((step) => ({ name: step, values: counts[step], written: String })),
  ...Object.entries(confirmedMinor).map(([currency, values]) => ({
    name: `confirmed, ${currency}`,
    values,
    written: (minor: number) => moneyInWords(minor, currency)
  }))
]

const tile = ({ name, values, written }: Line) => {
  const half = values.length / 2
  const [before, now] = [sum(values.slice(0, half)), sum(values.slice(half))]
  const last = values.at(-1) ?? 0
  const words = `${name}: ${written(last)} in the last minute, ${written(now)} in the last hour, ${written(before)} in the hour before`
  return markup`<li><strong>${name}</strong> <span class="n">${written(last)} <span class="soft">a minute</span></span>
    ${sparkline(values, words)}
    <span class="soft">${written(now)} in an hour, before ${written(before)}</span></li>`
}

const show = (look: Look): Markup =>
  seen(
    look,
    look.flow,
    (flow) => markup`<ul class="tiles">${linesOf(flow).map(tile)}</ul>
      <h3>Waiting now</h3>
      ${flow.waiting.length === 0 ? markup`<p class="good">No order waits.</p>` : waitingTable(flow.waiting)}`
  )

const waitingTable = (waiting: ReadonlyArray<Waiting>) =>
  table<Waiting>(
    "Orders that are not final",
    [
      { heading: "state", cell: ({ status }) => status.replaceAll("_", " ") },
      { heading: "orders", figures: true, cell: ({ count }) => count },
      { heading: "worth", figures: true, cell: ({ amountMinor, currency }) => moneyInWords(amountMinor, currency) },
      { heading: "oldest", figures: true, cell: ({ oldestSeconds }) => lasting(oldestSeconds) }
    ],
    waiting
  )

export const flow = { title: "Flow", show }
