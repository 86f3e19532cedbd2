/** What must never be: found when it is, told with its rows, and never taken for zero before anybody has looked. */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { witnesses } from "../../src/ops/comparisons.ts"
import { type Invariant, Invariants } from "../../src/ops/Invariants.ts"
import { scrape } from "../../src/telemetry/scrape.ts"
import { byHand } from "../database/byHand.ts"
import { buying } from "../orders/buying.ts"
import { shopInPostgres } from "../orders/shops.ts"
import { readExposition } from "../telemetry/exposition.ts"
import { eventually } from "../eventually.ts"

const { order } = buying("invariants")

/** A node that starts, until its first look is over. */
const looked = Effect.gen(function* () {
  const node = yield* Layer.build(Layer.fresh(Invariants.layer))
  const { all } = Context.get(node, Invariants)
  const found = yield* eventually(all, (each) => each.some(({ count }) => count !== undefined))
  return (name: string): Invariant => found.find((one) => one.name === name) ?? assert.fail(`no ${name}`)
})

layer(shopInPostgres(PaymentsMemory.layer), { excludeTestServices: true })("what must never be", (it) => {
  it.effect("is not, for an order that was sold; what was never compared has no count", () =>
    Effect.gen(function* () {
      yield* (yield* order(1)).until("captured")
      const found = yield* looked
      for (const name of Object.keys(witnesses)) {
        const { checked_at, count, rows } = found(name)
        const swept = found(name).witnesses[1] === "provider_ledger"
        assert.deepStrictEqual([name, count, rows], [name, swept ? undefined : 0, []])
        assert.strictEqual(checked_at === undefined, swept, name)
      }
    })
  )

  it.effect("is told with what breaks it, as a number for alerts too", () =>
    Effect.gen(function* () {
      const { id, until } = yield* order(2)
      yield* until("captured")
      yield* byHand(`update payments set captured_cents = 0 where order_id = '${id}'`)
      yield* byHand(`update orders set updated_at = now() - interval '5 minutes' where id = '${id}'`)
      yield* byHand(
        `insert into jobs (queue, key, payload, run_at) values ('forgotten', 'k', '{}', now() - interval '1 hour')`
      )
      yield* byHand(`insert into ledger_sweeps (day, compared, differences) values (current_date - 1, 1, 1)`)
      yield* byHand(
        `insert into ledger_differences (day, kind, provider_id, ours, theirs)
           values (current_date - 1, 'payment_without_order', 'pi_nobodys', 'none', '500 CHF')`
      )
      const found = yield* looked
      assert.deepInclude(found("captured_without_money"), { count: 1, rows: [id] })
      assert.strictEqual(found("job_overdue").count, 1)
      assert.deepInclude(found("paid_without_order"), { count: 1, rows: ["pi_nobodys"] })
      assert.strictEqual(found("provider_amount_differs").count, 0)
      const { families, wrong } = readExposition(yield* scrape)
      assert.deepStrictEqual(wrong, [])
      const told = (name: string, of: string) =>
        families.get(name)?.samples.find(({ labels }) => labels["name"] === of)?.value ?? -1
      assert.strictEqual(told("holdfast_invariant_violations", "captured_without_money"), 1)
      assert.strictEqual(told("holdfast_invariant_violations", "captured_twice"), 0)
      assert.isAbove(told("holdfast_invariant_compared_timestamp_seconds", "captured_twice"), 0)
    })
  )
})
