/**
 * What the shop writes in its mails. Pure: who it is for and what it is about in, subject and text out.
 *
 * A subject carries nothing that a person has typed, so it cannot carry a line break either.
 */
import { moneyInWords } from "../orders/moneyInWords.ts"
import type { Order } from "../orders/Order.ts"

export interface Words {
  readonly subject: string
  readonly text: string
}

interface Reader {
  readonly name: string
}

const letter = ({ name }: Reader, ...paragraphs: ReadonlyArray<string>) =>
  [`Dear ${name},`, ...paragraphs, "Holdfast"].join("\n\n")

const linesOf = ({ currency, discount, lines, shipping, total }: Order) =>
  [
    ...lines.map((line) => `${line.quantity} x ${line.name}: ${moneyInWords(line.total, currency)}`),
    ...(discount === 0 ? [] : [`Discount: -${moneyInWords(discount, currency)}`]),
    ...(shipping === 0 ? [] : [`Shipping: ${moneyInWords(shipping, currency)}`]),
    `Total: ${moneyInWords(total, currency)}`
  ].join("\n")

export const welcome = (reader: Reader): Words => ({
  subject: "Welcome to Holdfast",
  text: letter(reader, "Your account is ready. Good to have you.")
})

export const orderConfirmed = (reader: Reader, order: Order): Words => ({
  subject: "Your order is confirmed",
  text: letter(reader, `Your order ${order.id} is confirmed.`, linesOf(order))
})

export const orderActionNeeded = (reader: Reader, order: Order, url: string): Words => ({
  subject: "Your bank asks you to approve a payment",
  text: letter(
    reader,
    `Your order ${order.id} waits until you approve its payment of ${moneyInWords(order.total, order.currency)} at your bank:`,
    url,
    "Without that it is cancelled after ten minutes, and nothing is charged."
  )
})

export const orderCancelled = (reader: Reader, order: Order): Words => ({
  subject: "Your order is cancelled",
  text: letter(reader, `Your order ${order.id} is cancelled. Nothing of it was charged.`)
})

export const orderRefunded = (reader: Reader, order: Order): Words => ({
  subject: "Your order is refunded",
  text: letter(
    reader,
    `Your order ${order.id} is refunded: ${moneyInWords(order.total, order.currency)} are on their way back to you.`
  )
})
