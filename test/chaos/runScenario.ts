/**
 * Runs one scenario: a healthy stretch, the fault under load, a stretch in which the shop recovers under the same load,
 * then quiet; then all that was promised is held against what was seen.
 */
import { Clock, Duration, Effect, Fiber, Schedule } from "effect"
import { Database } from "../../src/database/Database.ts"
import { figuresOf, type Figures } from "./figures.ts"
import { isQuiet, judge, type Verdict } from "./judge.ts"
import { makeLoad, newTraffic } from "./load.ts"
import { callsPerOperation } from "./providerTraffic.ts"
import type { Scenario } from "./Scenario.ts"
import { judgesDatabase, makeWorld, type World } from "./World.ts"

export interface Outcome {
  readonly name: string
  readonly figures: Figures
  readonly verdict: Verdict
  /** From the end of the fault to the end of the last order that was placed before it. */
  readonly drainSeconds: number
  readonly callsPerOperation: number
  readonly notes: ReadonlyArray<string>
  /** What the scenario promised and did not hold; the verdict's breaches are not in here. */
  readonly broken: ReadonlyArray<string>
}

const healthySeconds = 5
/** Long enough to see that nothing falls back: a circuit opens again, a queue that had grown. */
const recoveringSeconds = 20
/** What is still open then is reported as it is. */
const quietWithin = "120 seconds"
/** Customers who were not told anything definite come back within four seconds. */
const lastAnswersWithin = "10 seconds"

/** Seconds from a moment until the last order that was placed before it had come to its end; 0 when it had by then. */
const drained = (millis: number) =>
  Effect.flatMap(Database, (database) =>
    database.read(
      "chaos.drained",
      (sql) => sql<{ seconds: number }>`
        select greatest(0, extract(epoch from max(case
          when status in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed') then status_since
          else clock_timestamp() end)) - ${millis / 1000})::float8 as seconds
        from orders where created_at <= to_timestamp(${millis / 1000})`
    )
  ).pipe(Effect.map(([row]) => row?.seconds ?? 0))

const compared = ({ promised }: Scenario, outcome: Omit<Outcome, "broken">): ReadonlyArray<string> => {
  const { callsPerOperation, drainSeconds, figures, verdict } = outcome
  const below = (what: string, is: number, least: number) =>
    is >= least ? [] : [`${what}: ${(is * 100).toFixed(2)} %, promised ${(least * 100).toFixed(2)} %`]
  const above = (what: string, is: number, most: number | undefined) =>
    most === undefined || is <= most ? [] : [`${what}: ${is.toFixed(2)}, promised ${most} at most`]
  return [
    ...below("orders served", figures.orders, promised.orders),
    ...below("orders served or told to come back", figures.wellFormed, promised.wellFormed ?? 1),
    ...below("reads served", figures.reads, promised.reads),
    ...below("the process answered", figures.live, 1),
    ...above("seconds to recover", figures.recoverySeconds, promised.recoverySeconds),
    ...above("seconds to drain", drainSeconds, promised.drainSeconds),
    ...above("calls per operation", callsPerOperation, promised.callsPerOperation),
    ...(verdict.heard * 2 < verdict.attempted ? ["unknown: fewer than half of the customers were told anything"] : [])
  ]
}

export const runScenario = (scenario: Scenario, seconds: number) =>
  Effect.flatMap(makeWorld({ nodes: scenario.nodes ?? 1, env: scenario.env ?? {} }), (world) =>
    Effect.provide(suffered(scenario, world, seconds), judgesDatabase(world.postgres.url))
  ).pipe(Effect.scoped)

const suffered = Effect.fnUntraced(function* (scenario: Scenario, world: World, seconds: number) {
  const customers = newTraffic()
  const load = makeLoad(world, customers)
  const stretch = Effect.gen(function* () {
    const driving = yield* Effect.forkScoped(load(scenario.ordersPerSecond))
    yield* Effect.sleep(Duration.seconds(healthySeconds))
    const from = yield* Clock.currentTimeMillis
    yield* Effect.scoped(scenario.harm(world, seconds))
    yield* world.provider.healthy
    const to = yield* Clock.currentTimeMillis
    yield* Effect.sleep(Duration.seconds(recoveringSeconds))
    yield* Fiber.interrupt(driving)
    yield* Effect.repeat(
      Effect.suspend(() => isQuiet),
      {
        until: (quiet) => quiet,
        schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: quietWithin }))
      }
    )
    yield* Effect.sleep(lastAnswersWithin)
    return { from, to }
  })
  const { from, to } = yield* Effect.scoped(stretch)
  const books = yield* world.provider.ledger
  const traffic = yield* world.provider.traffic
  const verdict = yield* judge({ log: customers.log, ledger: books ?? [], traffic })
  const found = yield* scenario.examine?.(world) ?? Effect.succeed({ notes: [], breaches: [] })
  const outcome = {
    name: scenario.name,
    figures: figuresOf(customers.seen, from, to),
    verdict,
    drainSeconds: yield* drained(to),
    callsPerOperation: callsPerOperation(traffic),
    notes: found.notes
  }
  const unread = books === undefined ? ["the provider's books could not be read"] : []
  return { ...outcome, broken: [...unread, ...found.breaches, ...compared(scenario, outcome)] } satisfies Outcome
})
