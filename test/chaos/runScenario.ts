/**
 * Runs one scenario: a healthy stretch, the fault under load, a stretch in which the shop recovers under the same load,
 * then quiet; then all that was promised is held against what was seen.
 */
import { Clock, Duration, Effect, Fiber, Schedule } from "effect"
import { Database } from "../../src/database/Database.ts"
import { figuresOf, type Figures } from "./figures.ts"
import { isQuiet, judge, type Verdict } from "./judge.ts"
import { makeLoad, newTraffic, type Traffic } from "./load.ts"
import { notKept } from "./notKept.ts"
import { callsPerOperation } from "./providerTraffic.ts"
import { type Resources, resourcesNow, watchResources } from "./resources.ts"
import { gathered } from "./found.ts"
import type { Found, Scenario } from "./Scenario.ts"
import { judgesDatabase, makeWorld, type World } from "./World.ts"

export interface Outcome {
  readonly name: string
  readonly figures: Figures
  readonly verdict: Verdict
  /** From the end of the fault to the end of the last order that was placed before it. */
  readonly drainSeconds: number
  readonly callsPerOperation: number
  /** Of the largest process, at its largest: before the fault, and from its beginning on. */
  readonly rssMegabytes: { readonly before: number; readonly after: number }
  /** Open files and sockets: before the fault, and when all is quiet. */
  readonly descriptors: { readonly before: number; readonly after: number }
  readonly notes: ReadonlyArray<string>
  /** What the scenario promised and did not hold; the verdict's breaches are not in here. */
  readonly broken: ReadonlyArray<string>
}

export interface Pace {
  readonly healthySeconds: number
  readonly recoveringSeconds: number
  /** Until the customers' idle connections are closed, and what was opened for them. 0: open files are not judged. */
  readonly idleSeconds: number
}

/** Long enough to see that nothing falls back: a circuit opens again, a queue that had grown. */
const usualPace: Pace = { healthySeconds: 4, recoveringSeconds: 12, idleSeconds: 5 }
/** What is still open then is reported as it is. */
const quietWithin = "120 seconds"

const nothing: Found = { notes: [], breaches: [] }

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

export const runScenario = (scenario: Scenario, seconds: number) =>
  Effect.flatMap(makeWorld(scenario), (world) =>
    runIn(world, newTraffic(), scenario, { seconds, pace: usualPace })
  ).pipe(Effect.scoped)

interface Asked {
  readonly seconds: number
  readonly pace: Pace
}

/** What there is to a scenario when it has a world. */
type Played = Pick<Scenario, "name" | "harm" | "ordersPerSecond" | "promised" | "examine">

/** In a world that may have had other scenarios before; `traffic` is what all of them have seen. */
export const runIn = (world: World, traffic: Traffic, scenario: Played, asked: Asked) =>
  Effect.provide(suffered(world, traffic, scenario, asked), judgesDatabase(world.postgres.url)).pipe(Effect.scoped)

/** Waits until everyone has been told something and nothing more happens by itself, and answers whether it came to that. */
const isOver = (traffic: Traffic) =>
  Effect.suspend(() => (traffic.waiting > 0 ? Effect.succeed(false) : isQuiet)).pipe(
    Effect.repeat({
      until: (over) => over,
      schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: quietWithin }))
    }),
    Effect.map(() => traffic.waiting === 0)
  )

const most = (held: ReadonlyArray<Resources>, what: "rssMegabytes" | "descriptors", when: (at: number) => boolean) =>
  Math.max(...held.filter(({ at }) => when(at)).map((one) => one[what]))

const suffered = Effect.fnUntraced(function* (
  world: World,
  traffic: Traffic,
  scenario: Played,
  { pace, seconds }: Asked
) {
  const load = makeLoad(world, traffic, scenario.name)
  const held: Array<Resources> = []
  const began = yield* Clock.currentTimeMillis
  const stretch = Effect.gen(function* () {
    const driving = yield* Effect.forkScoped(load(scenario.ordersPerSecond))
    yield* Effect.forkScoped(watchResources(world, held))
    yield* Effect.sleep(Duration.seconds(pace.healthySeconds))
    const from = yield* Clock.currentTimeMillis
    const harmed = yield* Effect.scoped(scenario.harm(world, seconds, traffic))
    yield* world.provider.healthy
    const to = yield* Clock.currentTimeMillis
    yield* Effect.sleep(Duration.seconds(pace.recoveringSeconds))
    yield* Fiber.interrupt(driving)
    return { from, to, harmed, over: yield* isOver(traffic) }
  })
  const { from, harmed, over, to } = yield* Effect.scoped(stretch)
  yield* Effect.sleep(Duration.seconds(pace.idleSeconds))
  const after = yield* resourcesNow(world)
  const books = yield* world.provider.ledger
  const seenByProvider = yield* world.provider.traffic
  const verdict = yield* judge({
    log: traffic.log,
    signUps: traffic.signUps,
    ledger: books,
    traffic: seenByProvider
  })
  const examined = yield* scenario.examine?.(world, { from, to }) ?? Effect.succeed(nothing)
  const found = gathered(harmed ?? nothing, examined)
  const outcome = {
    name: scenario.name,
    figures: figuresOf(
      traffic.seen.filter(({ at }) => at >= began),
      from,
      to
    ),
    verdict,
    drainSeconds: yield* drained(to),
    callsPerOperation: callsPerOperation(seenByProvider),
    rssMegabytes: {
      before: most(held, "rssMegabytes", (at) => at < from),
      after: most(held, "rssMegabytes", (at) => at >= from)
    },
    descriptors: {
      before: pace.idleSeconds === 0 ? Number.NaN : most(held, "descriptors", (at) => at < from),
      after: after.descriptors
    },
    notes: found.notes
  }
  const unheard = over ? [] : [`unknown: ${traffic.waiting} customers never heard anything definite`]
  return {
    ...outcome,
    broken: [...unheard, ...found.breaches, ...notKept(scenario.promised, outcome)]
  } satisfies Outcome
})
