/** What every stock keeper promises: run in memory, over the shop's own table, and over HTTP alike. */
import { assert, layer } from "@effect/vitest"
import { Array, Context, Effect, type Layer } from "effect"
import { Inventory, type StockLine } from "../../../src/dependencies/inventory/Inventory.ts"

/** What a test has to arrange, and to see, behind the interface. */
export class Backstage extends Context.Service<
  Backstage,
  {
    readonly receive: (sku: string, received: number) => Effect.Effect<void>
    /** Makes the order known where an order has to be. */
    readonly order: (orderId: string, lines: ReadonlyArray<StockLine>) => Effect.Effect<void>
    /** Ends the order's lease as if its time had passed. */
    readonly expire: (orderId: string) => Effect.Effect<void>
    readonly shelf: (
      sku: string
    ) => Effect.Effect<{ readonly onHand: number; readonly reserved: number; readonly committed: number }>
  }
>()("holdfast/test/inventory/Backstage") {}

export const inventoryContract = <E>(name: string, keeper: Layer.Layer<Inventory | Backstage, E>) => {
  let made = 0
  /** Goods and orders of the test's own: five of one thing, three of another. */
  const scene = Effect.gen(function* () {
    const inventory = yield* Inventory
    const backstage = yield* Backstage
    const [cup, plate] = [`CUP-${++made}`, `PLATE-${made}`]
    yield* backstage.receive(cup, 5)
    yield* backstage.receive(plate, 3)
    const order = Effect.fnUntraced(function* (...lines: ReadonlyArray<StockLine>) {
      const id = `ord_${++made}`
      yield* backstage.order(id, lines)
      return { id, lines, reserve: inventory.reserve(id, lines) }
    })
    const counts = (sku: string) =>
      Effect.map(backstage.shelf(sku), ({ committed, onHand, reserved }) => [onHand, reserved, committed])
    return { inventory, backstage, cup, plate, order, counts }
  })
  const cups = (sku: string, quantity: number) => ({ sku, quantity })

  layer(keeper, { excludeTestServices: true })(`a stock keeper, ${name}`, (it) => {
    it.effect("says how many there are, live", () =>
      Effect.gen(function* () {
        const { cup, inventory, order } = yield* scene
        const before = yield* inventory.level(cup)
        assert.deepInclude(before, { sku: cup, available: 5, source: "live" })
        yield* (yield* order(cups(cup, 2))).reserve
        assert.strictEqual((yield* inventory.level(cup)).available, 3)
      })
    )

    it.effect("does not know what it does not keep", () =>
      Effect.gen(function* () {
        const { inventory } = yield* scene
        assert.deepInclude(yield* Effect.flip(inventory.level("NOTHING-1")), {
          _tag: "SkuNotStocked",
          sku: "NOTHING-1"
        })
      })
    )

    it.effect("leases all lines or nothing, and says what is short", () =>
      Effect.gen(function* () {
        const { counts, cup, order, plate } = yield* scene
        const greedy = yield* order(cups(cup, 5), cups(plate, 4))
        const short = yield* Effect.flip(greedy.reserve)
        assert.deepInclude(short, { _tag: "StockShort", shortages: [{ sku: plate, requested: 4, available: 3 }] })
        assert.deepStrictEqual(yield* counts(cup), [5, 0, 0])
        const reservation = yield* (yield* order(cups(cup, 5), cups(plate, 3))).reserve
        assert.strictEqual(reservation.state, "leased")
        assert.isDefined(reservation.expiresAt)
        assert.deepStrictEqual(
          [yield* counts(cup), yield* counts(plate)],
          [
            [5, 5, 0],
            [3, 3, 0]
          ]
        )
      })
    )

    it.effect("takes nothing more when a reserve is repeated", () =>
      Effect.gen(function* () {
        const { counts, cup, order } = yield* scene
        const { reserve } = yield* order(cups(cup, 2))
        const [first, again] = [yield* reserve, yield* reserve]
        assert.deepStrictEqual(again, first)
        assert.deepStrictEqual(yield* counts(cup), [5, 2, 0])
      })
    )

    it.effect("never gives the same unit to two, however many ask at once", () =>
      Effect.gen(function* () {
        const { counts, cup, order, plate } = yield* scene
        const orders = yield* Effect.forEach(Array.range(1, 12), (n) =>
          n % 2 === 0 ? order(cups(cup, 1), cups(plate, 1)) : order(cups(plate, 1), cups(cup, 1))
        )
        const outcomes = yield* Effect.forEach(orders, ({ reserve }) => Effect.result(reserve), {
          concurrency: "unbounded"
        })
        assert.strictEqual(outcomes.filter(({ _tag }) => _tag === "Success").length, 3)
        assert.deepStrictEqual(
          [yield* counts(cup), yield* counts(plate)],
          [
            [5, 3, 0],
            [3, 3, 0]
          ]
        )
      })
    )

    it.effect("commits what was leased or held, once: the goods leave the shelf", () =>
      Effect.gen(function* () {
        const { counts, cup, inventory, order } = yield* scene
        const { id, reserve } = yield* order(cups(cup, 2))
        yield* reserve
        const held = yield* inventory.hold(id)
        assert.deepStrictEqual([held.state, held.expiresAt], ["held", undefined])
        assert.strictEqual((yield* inventory.hold(id)).state, "held")
        for (const _ of [1, 2]) assert.strictEqual((yield* inventory.commit(id)).state, "committed")
        assert.deepStrictEqual(yield* counts(cup), [3, 0, 2])
      })
    )

    it.effect("releases what was leased or held, once: the goods are for others", () =>
      Effect.gen(function* () {
        const { counts, cup, inventory, order } = yield* scene
        for (const held of [false, true]) {
          const { id, reserve } = yield* order(cups(cup, 5))
          yield* reserve
          if (held) yield* inventory.hold(id)
          for (const _ of [1, 2]) assert.strictEqual((yield* inventory.release(id)).state, "released")
          assert.deepStrictEqual(yield* counts(cup), [5, 0, 0])
        }
      })
    )

    it.effect("takes a lease back that is over, for whoever needs the goods, and for its own order too", () =>
      Effect.gen(function* () {
        const { backstage, counts, cup, inventory, order } = yield* scene
        const [slow, quick] = [yield* order(cups(cup, 4)), yield* order(cups(cup, 3))]
        yield* slow.reserve
        assert.strictEqual((yield* Effect.flip(quick.reserve))._tag, "StockShort")
        yield* backstage.expire(slow.id)
        assert.strictEqual((yield* Effect.flip(inventory.hold(slow.id)))._tag, "ReservationLost")
        assert.strictEqual((yield* quick.reserve).state, "leased")
        assert.deepStrictEqual(yield* counts(cup), [5, 3, 0])
        assert.strictEqual((yield* Effect.flip(slow.reserve))._tag, "StockShort")
        yield* inventory.release(quick.id)
        assert.strictEqual((yield* slow.reserve).state, "leased")
        assert.deepStrictEqual(yield* counts(cup), [5, 4, 0])
      })
    )

    it.effect("never takes back what is held", () =>
      Effect.gen(function* () {
        const { backstage, counts, cup, inventory, order } = yield* scene
        const [paying, other] = [yield* order(cups(cup, 4)), yield* order(cups(cup, 3))]
        yield* paying.reserve
        yield* inventory.hold(paying.id)
        yield* backstage.expire(paying.id)
        assert.strictEqual((yield* Effect.flip(other.reserve))._tag, "StockShort")
        assert.deepStrictEqual(yield* counts(cup), [5, 4, 0])
      })
    )

    it.effect("has nothing to hold or to commit for an order that reserved nothing", () =>
      Effect.gen(function* () {
        const { cup, inventory, order } = yield* scene
        const { id } = yield* order(cups(cup, 1))
        assert.strictEqual((yield* Effect.flip(inventory.hold(id)))._tag, "ReservationLost")
        assert.strictEqual((yield* Effect.flip(inventory.commit(id)))._tag, "ReservationLost")
      })
    )

    it.effect("remembers a release of what was never reserved: a reserve that comes after it is refused", () =>
      Effect.gen(function* () {
        const { counts, cup, inventory, order } = yield* scene
        const { id, reserve } = yield* order(cups(cup, 1))
        assert.strictEqual((yield* inventory.release(id)).state, "released")
        assert.deepInclude(yield* Effect.flip(reserve), { _tag: "ReservationEnded", outcome: "released" })
        assert.strictEqual((yield* Effect.flip(inventory.hold(id)))._tag, "ReservationEnded")
        assert.deepStrictEqual(yield* counts(cup), [5, 0, 0])
      })
    )

    it.effect("takes committed goods back once, and only those", () =>
      Effect.gen(function* () {
        const { counts, cup, inventory, order } = yield* scene
        const [sold, waiting, dropped] = [
          yield* order(cups(cup, 2)),
          yield* order(cups(cup, 1)),
          yield* order(cups(cup, 1))
        ]
        yield* sold.reserve
        yield* inventory.commit(sold.id)
        for (const _ of [1, 2]) assert.strictEqual((yield* inventory.restock(sold.id)).state, "restocked")
        assert.deepStrictEqual(yield* counts(cup), [5, 0, 0])
        const afterRestock = [
          Effect.flip(inventory.commit(sold.id)),
          Effect.flip(inventory.hold(sold.id)),
          Effect.flip(sold.reserve)
        ]
        for (const refusal of yield* Effect.all(afterRestock)) {
          assert.deepInclude(refusal, { _tag: "ReservationEnded", outcome: "restocked" })
        }
        yield* waiting.reserve
        assert.strictEqual((yield* Effect.flip(inventory.restock(waiting.id)))._tag, "ReservationLost")
        yield* dropped.reserve
        yield* inventory.release(dropped.id)
        assert.deepInclude(yield* Effect.flip(inventory.restock(dropped.id)), { outcome: "released" })
        assert.deepStrictEqual(yield* counts(cup), [5, 1, 0])
      })
    )

    it.effect("does not undo an end", () =>
      Effect.gen(function* () {
        const { counts, cup, inventory, order } = yield* scene
        const [sold, dropped] = [yield* order(cups(cup, 1)), yield* order(cups(cup, 1))]
        yield* sold.reserve
        yield* inventory.commit(sold.id)
        for (const refusal of yield* Effect.all([Effect.flip(inventory.release(sold.id)), Effect.flip(sold.reserve)])) {
          assert.deepInclude(refusal, { _tag: "ReservationEnded", outcome: "committed" })
        }
        yield* dropped.reserve
        yield* inventory.release(dropped.id)
        const afterRelease = [
          Effect.flip(inventory.commit(dropped.id)),
          Effect.flip(inventory.hold(dropped.id)),
          Effect.flip(dropped.reserve)
        ]
        for (const refusal of yield* Effect.all(afterRelease)) {
          assert.deepInclude(refusal, { _tag: "ReservationEnded", outcome: "released" })
        }
        assert.deepStrictEqual(yield* counts(cup), [4, 0, 1])
      })
    )
  })
}
