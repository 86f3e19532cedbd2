/** What the database's calls come to, as the kit shows a dependency. */
import { describe, expect, it, layer } from "@effect/vitest"
import { Clock, DateTime, Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { CallTally } from "../../src/database/callTally.ts"
import { Database } from "../../src/database/Database.ts"
import { DatabaseHealth } from "../../src/database/DatabaseHealth.ts"
import { durationBoundaries } from "../../src/resilience/index.ts"
import { TestDatabase } from "./testDatabase.ts"

const limits = { poolSize: 1, acquireMillis: 50, callMillis: 2_000 }

layer(TestDatabase.layerWith(limits))((it) => {
  describe("the database's snapshot", () => {
    it.effect("counts each outermost call once, by how it ended", () =>
      Effect.gen(function* () {
        const database = yield* Database
        const { snapshot } = yield* DatabaseHealth
        const before = yield* snapshot
        yield* database.transaction("test.outer", (sql) =>
          database.query("test.inner", () => Effect.asVoid(sql`select 1`))
        )
        yield* Effect.flip(database.read("test.domain", () => Effect.fail("no such thing")))
        yield* Effect.exit(database.query("test.bug", () => Effect.die("a bug")))
        const hold = yield* Deferred.make<void>()
        const held = yield* Deferred.make<void>()
        const holding = yield* Effect.forkChild(
          database.query("test.hold", () => Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(hold)))
        )
        yield* Deferred.await(held)
        expect(yield* snapshot).toMatchObject({ name: "database", state: "closed", limit: 1, inFlight: 1, waiting: 0 })
        yield* Effect.flip(database.read("test.full", (sql) => sql`select 1`))
        yield* Deferred.succeed(hold, undefined)
        yield* Fiber.join(holding)
        const { abandoned, calls, inFlight, lastErrorType, outcomes, rejections } = yield* snapshot
        expect(calls - before.calls).toBe(5)
        expect(outcomes).toMatchObject({ success: 2, domain: 1, defect: 1, BulkheadFull: 1 })
        expect([rejections.BulkheadFull, inFlight, abandoned, lastErrorType]).toEqual([1, 0, 0, "pool_exhausted"])
      })
    )
  })
})

it.effect("a call takes as long as it takes, whoever sets the machine's clock meanwhile", () =>
  Effect.gen(function* () {
    const [tally, clock] = [new CallTally(), yield* Clock.Clock]
    let setBack = 0
    const wall: Clock.Clock = { ...clock, currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - setBack }
    const call = yield* tally
      .counting(Effect.void, Effect.sleep("20 millis"))
      .pipe(Effect.provideService(Clock.Clock, wall), Effect.forkChild)
    setBack = 3_600_000
    yield* TestClock.adjust("20 millis")
    yield* Fiber.join(call)
    const { durations } = tally.snapshot(1, { up: true, since: yield* DateTime.now, readOnly: false }, 0, 0)
    expect(durationBoundaries[durations.indexOf(1)]).toBe(25)
  })
)
