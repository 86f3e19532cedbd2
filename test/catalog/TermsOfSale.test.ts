/** Discounts and shipping: what was put is found, on the maps and on real PostgreSQL alike. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer } from "effect"
import { type Discount, TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import { TestDatabase } from "../database/testDatabase.ts"

const window = { startsAt: DateTime.makeUnsafe(0), endsAt: DateTime.makeUnsafe(1_000) }
const tenth: Discount = { code: "TENTH", kind: "percentage", value: 10, minimumSubtotal: 0, ...window }
const five: Discount = { code: "FIVE", kind: "amount", value: 500, currency: "EUR", minimumSubtotal: 2_000, ...window }
const bands = [
  { currency: "EUR", minimumSubtotal: 0, price: 590 },
  { currency: "EUR", minimumSubtotal: 5_000, price: 0 }
]

const contract = <E>(name: string, terms: Layer.Layer<TermsOfSale, E>) =>
  layer(terms)(`terms of sale, ${name}`, (it) => {
    it.effect("without any, no discount is known and nothing is said of shipping", () =>
      Effect.gen(function* () {
        const sale = yield* TermsOfSale
        assert.deepStrictEqual(yield* sale.find("TENTH"), { discount: null, shippingBands: [] })
        assert.deepStrictEqual(yield* sale.find(undefined), { discount: undefined, shippingBands: [] })
      })
    )

    it.effect("are found as they were put, a percentage and an amount", () =>
      Effect.gen(function* () {
        const sale = yield* TermsOfSale
        yield* sale.put({ discounts: [tenth, five], shippingBands: bands })
        const withTenth = yield* sale.find("TENTH")
        assert.deepInclude(withTenth.discount, tenth)
        assert.deepStrictEqual((yield* sale.find("FIVE")).discount, five)
        assert.sameDeepMembers([...withTenth.shippingBands], bands)
        assert.deepStrictEqual((yield* sale.find("tenth")).discount, null)
      })
    )

    it.effect("are all there for whoever keeps a copy, and of too many discounts those that end last", () =>
      Effect.gen(function* () {
        const sale = yield* TermsOfSale
        const longer = { ...tenth, code: "LONGER", endsAt: DateTime.makeUnsafe(2_000) }
        yield* sale.put({ discounts: [tenth, five, longer], shippingBands: bands })
        const all = yield* sale.all(3)
        assert.sameDeepMembers([...all.discounts], [tenth, five, longer])
        assert.sameDeepMembers([...all.shippingBands], bands)
        assert.isTrue(all.complete)
        const some = yield* sale.all(1)
        assert.deepStrictEqual([some.discounts, some.complete], [[longer], false])
      })
    )

    it.effect("say what they were told last, and keep what they were not told about", () =>
      Effect.gen(function* () {
        const sale = yield* TermsOfSale
        yield* sale.put({ discounts: [tenth, five], shippingBands: bands })
        const dearer = { currency: "EUR", minimumSubtotal: 0, price: 690 }
        yield* sale.put({ discounts: [{ ...five, value: 700 }], shippingBands: [dearer] })
        const found = yield* sale.find("FIVE")
        assert.strictEqual(found.discount?.value, 700)
        assert.sameDeepMembers([...found.shippingBands], [dearer, bands[1]])
        assert.strictEqual((yield* sale.find("TENTH")).discount?.value, 10)
      })
    )
  })

contract("in memory", TermsOfSale.layerMemory)
contract("in PostgreSQL", TermsOfSale.layer.pipe(Layer.provide(TestDatabase.layer)))
