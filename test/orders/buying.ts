/** A buyer, goods and an order, in one line each: every test brings people and goods of its own. */
import { Effect, Redacted } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { Sku } from "../../src/catalog/Product.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import type { Order, OrderId, OrderStatus } from "../../src/orders/Order.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { Email } from "../../src/users/Email.ts"
import { Users } from "../../src/users/Users.ts"
import { availableOf, receivedElsewhere } from "./goodsElsewhere.ts"

export const buying = (shop: string) => {
  let made = 0
  const goods = Effect.fnUntraced(function* (received: number, amount: number) {
    const sku = Sku.make(`${shop.toUpperCase()}-${++made}`)
    const product = { sku, name: `Goods ${made}`, description: "", price: { amount, currency: "CHF" }, received }
    yield* (yield* Catalog).importProducts([product])
    yield* receivedElsewhere(sku, received)
    return sku
  })
  const buyer = Effect.gen(function* () {
    const email = Email.make(`${shop}.${++made}@example.com`)
    const password = Redacted.make(`password of ${shop} ${made}!`)
    return (yield* (yield* Users).signUp({ email, password, name: "A Buyer" })).id
  })
  /** Somebody new buys `quantity` of something new, of which there are 10, for 500 each. */
  const order = Effect.fnUntraced(function* (quantity: number, paymentMethod = "pm_card_visa") {
    const [userId, sku, orders] = [yield* buyer, yield* goods(10, 500), yield* Orders]
    const placed = yield* orders.place(userId, `order-${made}`, { lines: [{ sku, quantity }], paymentMethod })
    const id = placed.orderId
    return {
      id,
      userId,
      sku,
      now: orders.find(userId, id),
      /** Minor units given back so far, by the shop's own books: they follow the provider's by a moment. */
      untilRefunded: (amount: number): Effect.Effect<Order, unknown> =>
        Effect.repeat(orders.find(userId, id), { until: ({ payment }) => payment.refunded === amount }),
      until: (...statuses: ReadonlyArray<OrderStatus>): Effect.Effect<Order, unknown> =>
        Effect.repeat(orders.find(userId, id), { until: (found) => statuses.includes(found.status) }),
      left: availableOf(sku),
      moved: ledgerOf(id)
    }
  })
  return { order, buyer, goods, available: availableOf }
}

/** What moved at the provider for an order. */
export const ledgerOf = (id: OrderId) =>
  Effect.flatMap(PaymentsMemory, ({ ledger }) =>
    Effect.map(ledger, (all) =>
      all.filter((entry) => entry.orderId === id).map((entry) => [entry.type, entry.amount.amountCents] as const)
    )
  )
