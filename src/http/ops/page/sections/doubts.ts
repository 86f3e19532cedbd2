/** Payments that were sent and not answered: how old, how much, and when the provider is asked again. */
import type { Doubt } from "../../../../ops/doubts.ts"
import { lasting } from "../../../../ops/lasting.ts"
import { moneyInWords } from "../../../../orders/moneyInWords.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { change, seen } from "../shown.ts"
import { table } from "../table.ts"

const hour = 3600

const askedAgain = ({ asksInSeconds }: Doubt) =>
  asksInSeconds === null
    ? markup`<span class="bad">nobody: its job is dead, discarded or gone</span>`
    : asksInSeconds < 1
      ? "now"
      : `in ${lasting(asksInSeconds)}`

const show = (look: Look): Markup =>
  seen(look, look.doubts, ({ count, oldest, sums }) =>
    count === 0
      ? markup`<p class="good">None.</p>`
      : markup`<p>${count} ${count === 1 ? "operation" : "operations"},
          ${sums.map(({ amountMinor, currency }) => moneyInWords(amountMinor, currency)).join(" and ")}${
            oldest.length < count && `; the oldest ${oldest.length}`
          }.</p>
        ${table<Doubt>(
          "Payments in doubt",
          [
            {
              heading: "order",
              cell: ({ orderId }) =>
                markup`<a href="/ops/look-up?id=${encodeURIComponent(orderId)}"><code>${orderId}</code></a>`
            },
            {
              heading: "what was sent",
              cell: ({ operation, sends }) => (sends > 1 ? `${operation}, ${sends} times` : operation)
            },
            {
              heading: "amount",
              figures: true,
              cell: ({ amountMinor, currency }) => moneyInWords(amountMinor, currency)
            },
            {
              heading: "for",
              figures: true,
              cell: ({ ageSeconds }) => lasting(ageSeconds),
              look: ({ ageSeconds }) => (ageSeconds > hour ? "bad" : "warn")
            },
            {
              heading: "its key holds for",
              figures: true,
              cell: ({ keySecondsLeft }) => (keySecondsLeft > 0 ? lasting(keySecondsLeft) : "over: only asked about")
            },
            { heading: "asked again", cell: askedAgain },
            {
              heading: "change",
              cell: ({ asksInSeconds, orderId }) =>
                asksInSeconds === null ? "–" : change("ask now", { thing: "order", name: orderId, verb: "ask" })
            }
          ],
          oldest
        )}`
  )

export const doubts = { title: "Payments in doubt", show }
