/**
 * What the shop writes in its mails. Pure: who it is for and what it is about in, subject and text out.
 *
 * A subject carries nothing that a person has typed, so it cannot carry a line break either.
 */
import type { Order } from "../orders/Order.ts"

export interface Words {
  readonly subject: string
  readonly text: string
}

interface Reader {
  readonly name: string
}

/** Minor units as people read them, with as many decimals as the currency has. */
const price = (amount: number, currency: string): string => {
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code" })
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2)).replaceAll("\u00a0", " ")
}

const letter = ({ name }: Reader, ...paragraphs: ReadonlyArray<string>) =>
  [`Dear ${name},`, ...paragraphs, "Holdfast"].join("\n\n")

const linesOf = ({ currency, discount, lines, shipping, total }: Order) =>
  [
    ...lines.map((line) => `${line.quantity} x ${line.name}: ${price(line.total, currency)}`),
    ...(discount === 0 ? [] : [`Discount: -${price(discount, currency)}`]),
    ...(shipping === 0 ? [] : [`Shipping: ${price(shipping, currency)}`]),
    `Total: ${price(total, currency)}`
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
    `Your order ${order.id} waits until you approve its payment of ${price(order.total, order.currency)} at your bank:`,
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
    `Your order ${order.id} is refunded: ${price(order.total, order.currency)} are on their way back to you.`
  )
})
