/**
 * Ten thousand checkouts on bad days, from seeds: whatever fails, nothing is lost, and nothing is charged twice.
 *
 * On every other day the goods are kept elsewhere. A day that breaks a promise names its seed; `day(seed, …)` runs it
 * again, step by step the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, References } from "effect"
import type { PaymentMovement } from "../../src/dependencies/payments/memoryBook.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import type { Sku } from "../../src/catalog/Product.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { availableOf } from "./goodsElsewhere.ts"
import { type Bought, day, ordersAShop, received } from "./simulatedShop.ts"

const checkouts = 10_000
const first = Number(Date.now() % 1_000_000)

/** Every promise that one order's end has broken, in words. */
const brokenBy = Effect.fnUntraced(function* (bought: Bought, moved: ReadonlyArray<PaymentMovement>) {
  const order = yield* (yield* Orders).find(bought.userId, bought.id)
  const sum = (type: string) =>
    moved.filter((entry) => entry.type === type).reduce((all, entry) => all + entry.amount.amountCents, 0)
  const count = (type: string) => moved.filter((entry) => entry.type === type).length
  const sold = order.status === "captured" || order.status === "refunded"
  const asked = bought.refundsAskedCents
  const promises: ReadonlyArray<readonly [string, boolean]> = [
    ["one key is one order", bought.answers.every((id) => id === bought.id)],
    ["every order comes to its end", ["captured", "refunded", "cancelled", "failed"].includes(order.status)],
    ["money is held and taken at most once", count("authorized") <= 1 && count("captured") <= 1],
    ["an order is sold if and only if its money was taken", sold === (count("captured") === 1)],
    ["what is taken is the total", sum("captured") === 0 || sum("captured") === order.total],
    ["an order that ended leaves no money held", sold || sum("authorized") === sum("canceled")],
    ["no more is given back than was taken", sum("refunded") <= sum("captured")],
    ["what the order says was given back was", sum("refunded") === (order.payment.refunded ?? 0)],
    ["an accepted refund is given", asked === 0 || sum("refunded") === asked],
    ["an accepted cancel is carried out", !bought.cancelled || order.status !== "captured"]
  ]
  return {
    broken: promises.flatMap(([promise, kept]) => (kept ? [] : [`${promise}: ${order.status} ${order.id}`])),
    takes: order.status === "captured" ? bought.quantity : 0,
    status: order.status
  }
})

const judge = Effect.fnUntraced(function* (bought: ReadonlyArray<Bought>, skus: ReadonlyArray<Sku>) {
  const ledger = yield* (yield* PaymentsMemory).ledger
  const movedOf = Map.groupBy(ledger, (entry) => entry.orderId)
  const judged = yield* Effect.forEach(bought, (one) => brokenBy(one, movedOf.get(one.id) ?? []))
  const known = new Set<string>(bought.map(({ id }) => id))
  const strange = ledger.filter((entry) => !known.has(entry.orderId ?? ""))
  const shelves = yield* Effect.forEach(skus, (sku) =>
    Effect.gen(function* () {
      const left = yield* availableOf(sku)
      const taken = bought.reduce((sum, one, n) => sum + (one.sku === sku ? (judged[n]?.takes ?? 0) : 0), 0)
      return left === received - taken ? [] : [`${sku}: ${left} left of ${received}, ${taken} sold`]
    })
  )
  return {
    broken: [
      ...judged.flatMap(({ broken }) => broken),
      ...strange.map(() => "money without an order"),
      ...shelves.flat()
    ],
    statuses: judged.map(({ status }) => status)
  }
})

describe("a bad day", () => {
  it.live(
    `breaks no promise, in ${checkouts} checkouts from seed ${first}`,
    () =>
      Effect.gen(function* () {
        const seen = new Map<string, number>()
        for (const n of Array.range(0, checkouts / ordersAShop - 1)) {
          const seed = `${first + n}`
          const keeper = n % 2 === 0 ? "here" : "elsewhere"
          const { broken, statuses } = yield* day(seed, keeper, judge).pipe(
            Effect.provideService(References.MinimumLogLevel, "None")
          )
          assert.deepStrictEqual(broken, [], `seed ${seed}, goods ${keeper}`)
          for (const status of statuses) seen.set(status, (seen.get(status) ?? 0) + 1)
        }
        assert.strictEqual(
          [...seen.values()].reduce((sum, one) => sum + one, 0),
          checkouts
        )
        // A day on which nothing of a kind happens would prove nothing about it.
        for (const status of ["captured", "refunded", "cancelled", "failed"])
          assert.isAbove(seen.get(status) ?? 0, checkouts / 100)
      }),
    120_000
  )
})
