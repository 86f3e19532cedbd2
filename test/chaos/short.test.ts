/**
 * A sample of `npm run chaos`: the database goes down and comes back, and so do other things of the database's and the
 * network's, others every time; all on one shop. The figures of a few seconds on a busy machine say little, so only what
 * must hold on any machine is held here: the invariants, that everybody is told something, and that it all comes back.
 */
import { describe, expect, it } from "@effect/vitest"
import { Console, Effect, Random } from "effect"
import { newTraffic } from "./load.ts"
import { type Pace, runIn } from "./runScenario.ts"
import type { Scenario } from "./Scenario.ts"
import { databaseDown } from "./scenarios/databaseDown.ts"
import { scenarios } from "./scenarios/all.ts"
import { breachesOf } from "./table.ts"
import { makeWorld } from "./World.ts"

const seconds = 3
const pace: Pace = { healthySeconds: 1, recoveringSeconds: 2, idleSeconds: 0 }
/** Besides `database-down`. */
const others = 2

/** Those that need nothing of their own, and are over as soon as their harm is. */
const samples = scenarios.filter(
  ({ env, group, name, nodes, postgres }) =>
    ["database", "network"].includes(group) &&
    !["database-down", "network-partition", "database-timeout", "high-latency"].includes(name) &&
    env === undefined &&
    nodes === undefined &&
    postgres === undefined
)

const chosen = Effect.map(Random.shuffle(samples), (shuffled): ReadonlyArray<Scenario> => [
  databaseDown,
  ...[...shuffled].slice(0, others)
])

describe("a shop whose database goes away and comes back, in one way after another", () => {
  it.live(
    "loses nothing, does nothing twice, tells everybody something, and serves everything again",
    () =>
      Effect.gen(function* () {
        const seed = yield* Random.nextIntBetween(0, 1_000_000)
        const some = yield* chosen.pipe(Random.withSeed(seed))
        yield* Console.log(
          `again: npm run chaos -- --seconds ${seconds} --seed ${seed} --only ${some.map(({ name }) => name).join(",")}`
        )
        const world = yield* makeWorld({})
        const traffic = newTraffic()
        for (const { harm, name, ordersPerSecond } of some) {
          const scenario = { name, harm, ordersPerSecond, promised: anywhere }
          const outcome = yield* runIn(world, traffic, scenario, { seconds, pace }).pipe(
            Random.withSeed(`${seed} ${name}`)
          )
          expect({ name, breaches: breachesOf(outcome) }).toEqual({ name, breaches: [] })
          expect(outcome.verdict.orders).toBeGreaterThan(0)
        }
      }).pipe(Effect.scoped),
    120_000
  )
})

/** On a machine that runs other tests: what was late is not held against anyone. */
const anywhere = {
  orders: 0,
  reads: 0,
  served: { live: 0.8, ready: 0.6 },
  wellFormed: 0.8,
  recoverySeconds: pace.recoveringSeconds + 1,
  drainSeconds: 60
}
