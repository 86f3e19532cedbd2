/**
 * A sample of `npm run chaos:crash`: one point of each sort, others every time. The whole campaign tries all of them,
 * five times each.
 */
import { describe, expect, it } from "@effect/vitest"
import { Console, Effect, Random } from "effect"
import { type Blow, blows, nameOf } from "./blows.ts"
import { ground } from "./ground.ts"
import { ordeal } from "./ordeal.ts"

const named = (...parts: ReadonlyArray<string>) =>
  blows.filter((blow) => parts.some((part) => nameOf(blow).startsWith(part)))

/** What hangs takes the shop's patience with the provider, which is too long for here. */
const sorts: ReadonlyArray<ReadonlyArray<Blow>> = [
  named("orders.", "write."),
  named("send.", "step.", "announce.", "job."),
  named("reset_after", "commit")
]

const oneOf = <A>(all: ReadonlyArray<A>) =>
  Effect.map(Random.nextIntBetween(0, all.length), (index) => all[index % all.length] as A)

describe("a shop that is killed, or not answered, anywhere in an order's life", () => {
  it.live(
    "loses nothing, charges nobody twice, and brings every order to its end",
    () =>
      Effect.gen(function* () {
        const seed = yield* Random.nextIntBetween(0, 1_000_000)
        const sample = yield* Effect.forEach(sorts, oneOf).pipe(Random.withSeed(seed))
        const names = sample.map(nameOf).join(",")
        yield* Console.log(`again: npm run chaos:crash -- --times 1 --seed ${seed} --only "${names}"`)
        const below = yield* ground
        const results = yield* Effect.forEach(
          sample,
          (blow) => ordeal(below, { blow, times: 1, ofAKind: 1 }).pipe(Random.withSeed(`${seed} ${nameOf(blow)}`)),
          { concurrency: sample.length }
        )
        for (const { attempted, blows, double, heard, lost, name, orders, others } of results) {
          expect({ name, lost, double, others }).toEqual({ name, lost: [], double: [], others: [] })
          expect(blows, `${name} was reached`).toBeGreaterThanOrEqual(1)
          expect(orders).toBeGreaterThan(0)
          expect(heard * 2, `customers of ${name} who were told something`).toBeGreaterThanOrEqual(attempted)
        }
      }),
    120_000
  )
})
