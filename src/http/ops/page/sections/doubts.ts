/** Payments that were sent and not answered: how old, how much, and when the provider is asked again. */
import type { Doubt } from "../../../../ops/doubts.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { change, money, seen, span } from "../shown.ts"
import { table } from "../table.ts"

const hour = 3600

const askedAgain = ({ asksInSeconds }: Doubt) =>
  asksInSeconds === null
    ? markup`<span class="bad">its job is dead: replay it</span>`
    : asksInSeconds < 1
      ? "now"
      : `in ${span(asksInSeconds)}`

const show = (look: Look): Markup =>
  seen(look, look.doubts, ({ count, oldest, sums }) =>
    count === 0
      ? markup`<p class="good">None.</p>`
      : markup`<p>${count} ${count === 1 ? "operation" : "operations"},
          ${sums.map(({ amountMinor, currency }) => money(amountMinor, currency)).join(" and ")}${
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
            { heading: "amount", figures: true, cell: ({ amountMinor, currency }) => money(amountMinor, currency) },
            {
              heading: "for",
              figures: true,
              cell: ({ ageSeconds }) => span(ageSeconds),
              look: ({ ageSeconds }) => (ageSeconds > hour ? "bad" : "warn")
            },
            {
              heading: "its key holds for",
              figures: true,
              cell: ({ keySecondsLeft }) => (keySecondsLeft > 0 ? span(keySecondsLeft) : "over: only asked about")
            },
            { heading: "asked again", cell: askedAgain },
            {
              heading: "change",
              cell: ({ orderId }) => change("ask now", { thing: "order", name: orderId, verb: "ask" })
            }
          ],
          oldest
        )}`
  )

export const doubts = { title: "Payments in doubt", show }
