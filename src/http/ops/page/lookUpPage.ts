/**
 * Where an operator looks something up by an id that a customer, a log line or the provider has named: how it stands, what
 * it waits for, what happens next and when, and all that was.
 */
import type { DateTime } from "effect"
import type { Explanation } from "../../../ops/explain/Explanation.ts"
import { lasting } from "../../../ops/lasting.ts"
import { moneyInWords } from "../../../orders/moneyInWords.ts"
import { htmlPage } from "../../htmlPage.ts"
import { markup, type Markup } from "../../markup.ts"
import type { Operator } from "../OperatorTokens.ts"
import { change, day, secondsBetween, time } from "./shown.ts"
import { style } from "./style.ts"
import { table } from "./table.ts"

export const lookUpForm = (id = "") =>
  markup`<form class="row" method="get" action="/ops/look-up" role="search">
    <label>Look up an order, its key, a request or a payment <input name="id" value="${id}" required maxlength="255" /></label>
    <button>Look up</button>
  </form>`

/** What an id leads to: nothing that is known, or nothing that can be read now. */
export type Found = Explanation | "nothing" | "unavailable"

export const lookUpPage = (id: string, found: Found, { role }: Operator) =>
  htmlPage({
    style,
    forms: true,
    headers: { "cache-control": "no-store" },
    title: "Holdfast: look up",
    body: markup`<main class="${role}">
      <h1>Look up</h1>
      <p><a href="/ops">back</a></p>
      ${lookUpForm(id)} ${found === "nothing" && markup`<p class="warn" role="status">Nothing is known of this id.</p>`}
      ${found === "unavailable" && markup`<p class="bad" role="alert">The database does not answer. Try again when it does.</p>`}
      ${typeof found === "object" && explanation(found)}
    </main>`
  })

type Order = Explanation["orders"][number]
type Entry = Explanation["entries"][number]

const id = (text: string) => markup`<code>${text}</code>`
const amount = ({ amount, currency }: Order["total"]) => (amount === 0 ? "–" : moneyInWords(amount, currency))

const explanation = (found: Explanation): Markup => {
  const when = (at: DateTime.Utc | undefined) => {
    if (at === undefined) return "nobody can say when"
    const seconds = secondsBetween(found.as_of, at)
    return markup`${seconds >= 0 ? `in ${lasting(seconds)}` : `${lasting(-seconds)} ago`} (${time(at)})`
  }
  return markup`<p class="verdict"><strong>${found.asked.replaceAll("_", " ")}</strong>: ${found.summary}</p>
    <p class="soft">As of ${time(found.as_of)} UTC.</p>
    ${found.waits.length > 0 && markup`<h2>Why it waits</h2>`}
    ${found.waits.length > 0 && list(found.waits.map(({ since, until, what }) => markup`${what}${since !== undefined && markup`, since ${time(since)}`}${until !== undefined && markup`, until ${time(until)}`}`))}
    <h2>What happens next</h2>
    ${
      found.next.length === 0
        ? markup`<p class="soft">Nothing more, unless somebody asks for it.</p>`
        : list(found.next.map(({ at, what }) => markup`${what}: ${when(at)}`))
    }
    ${found.orders.length > 0 && markup`<h2>Orders</h2> ${orders(found.orders)}`}
    <h2>What was</h2>
    ${found.entries_truncated && markup`<p class="warn">The oldest are left out.</p>`} ${history(found.entries)}`
}

const list = (items: ReadonlyArray<Markup>) => markup`<ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`

const orders = (all: ReadonlyArray<Order>) =>
  table<Order>(
    "Orders",
    [
      { heading: "order", cell: (order) => id(order.id) },
      {
        heading: "state",
        cell: ({ failure, status }) => [status, ...(failure === null ? [] : [failure])].join(": ").replaceAll("_", " ")
      },
      { heading: "since", cell: ({ since }) => day(since) },
      { heading: "total", figures: true, cell: ({ total }) => amount(total) },
      { heading: "refunded", figures: true, cell: ({ refunded }) => amount(refunded) },
      { heading: "goods", cell: ({ goods }) => goods },
      { heading: "payment", cell: ({ payment }) => (payment === null ? "–" : id(payment)) },
      { heading: "change", cell: ({ id: name }) => change("ask now", { thing: "order", name, verb: "ask" }) }
    ],
    all
  )

const history = (entries: ReadonlyArray<Entry>) =>
  table<Entry>(
    "What was, the oldest first",
    [
      { heading: "when", cell: ({ at }) => day(at) },
      { heading: "whose record", cell: ({ source }) => source.replaceAll("_", " ") },
      { heading: "what", cell: ({ what }) => what },
      {
        heading: "more",
        cell: ({ facts }) =>
          Object.entries(facts)
            .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
            .join(", ")
      },
      { heading: "of what", cell: ({ about }) => id(about) }
    ],
    entries
  )
