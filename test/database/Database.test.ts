/** What a call to the database does when all is well: rows, all or nothing, what follows a commit, time. */
import { expect, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Latch, Logger, Ref } from "effect"
import { TestClock } from "effect/testing"
import { Database } from "../../src/database/Database.ts"
import { ForAJob } from "../../src/database/ForAJob.ts"
import { OperatorsDatabase } from "../../src/database/OperatorsDatabase.ts"
import { TestDatabase } from "./testDatabase.ts"

const createNotes = (database: Database["Service"]) =>
  database.query("test.create", (sql) => sql`create table if not exists notes (id int primary key)`)

const notes = (database: Database["Service"]) =>
  database.query("test.notes", (sql) =>
    Effect.map(sql<{ id: number }>`select id from notes order by id`, (rows) => rows.map(({ id }) => id))
  )

layer(TestDatabase.layer)("a transaction", (it) => {
  it.effect("keeps everything when its body succeeds, and nothing when it fails", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createNotes(database)
      yield* database.transaction("test.both", (sql) =>
        Effect.andThen(sql`insert into notes values (1)`, sql`insert into notes values (2)`)
      )
      const failure = yield* Effect.flip(
        database.transaction("test.half", (sql) =>
          Effect.andThen(sql`insert into notes values (3)`, Effect.fail("changed my mind" as const))
        )
      )
      expect(failure).toBe("changed my mind")
      expect(yield* notes(database)).toEqual([1, 2])
    })
  )

  it.effect("inside a transaction can fail alone", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* database.transaction("test.outer", (sql) =>
        Effect.gen(function* () {
          yield* sql`insert into notes values (10)`
          const inner = database.transaction("test.inner", (sql) =>
            Effect.andThen(sql`insert into notes values (11)`, Effect.fail("no"))
          )
          yield* Effect.flip(inner)
          yield* sql`insert into notes values (12)`
        })
      )
      expect((yield* notes(database)).filter((id) => id >= 10)).toEqual([10, 12])
    })
  )

  it.effect("is joined by the calls that its body makes", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const insert = database.query("test.insert", (sql) => sql`insert into notes values (20)`)
      yield* Effect.flip(database.transaction("test.joined", () => Effect.andThen(insert, Effect.fail("no"))))
      expect(yield* notes(database)).not.toContain(20)
    })
  )

  it.effect("leaves nothing behind when its caller is interrupted", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const inside = yield* Latch.make()
      const fiber = yield* Effect.forkChild(
        database.transaction("test.interrupted", (sql) =>
          Effect.andThen(sql`insert into notes values (30)`, Effect.andThen(inside.open, Effect.never))
        )
      )
      yield* inside.await
      yield* Fiber.interrupt(fiber)
      yield* database.query("test.lock", (sql) => sql`lock table notes`).pipe(Effect.exit)
      expect(yield* notes(database)).not.toContain(30)
    })
  )
})

layer(TestDatabase.layer)("what is registered with afterCommit", (it) => {
  it.effect("runs after the commit, sees its rows, and may use the database itself", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createNotes(database)
      const seen = yield* Ref.make<ReadonlyArray<number>>([])
      const look = Effect.flatMap(Effect.orDie(notes(database)), (ids) => Ref.set(seen, ids))
      yield* database.transaction("test.commit", (sql) =>
        Effect.gen(function* () {
          yield* sql`insert into notes values (1)`
          yield* database.afterCommit(look)
          expect(yield* Ref.get(seen)).toEqual([])
        })
      )
      expect(yield* Ref.get(seen)).toEqual([1])
    })
  )

  it.effect("never runs after a rollback, of the transaction or of its savepoint", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const runs = yield* Ref.make(0)
      const register = database.afterCommit(Ref.update(runs, (n) => n + 1))
      yield* Effect.exit(database.transaction("test.rollback", () => Effect.andThen(register, Effect.fail("no"))))
      yield* database.transaction("test.outer", () =>
        Effect.exit(database.transaction("test.savepoint", () => Effect.andThen(register, Effect.fail("no"))))
      )
      expect(yield* Ref.get(runs)).toBe(0)
    })
  )

  it.effect("has transactions of its own, repeated when they collide", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const attempts = yield* Ref.make(0)
      const collides = database.transaction("test.collides", (sql) =>
        Effect.gen(function* () {
          const attempt = yield* Ref.updateAndGet(attempts, (n) => n + 1)
          if (attempt === 1) yield* sql`do $$ begin raise exception using errcode = '40P01'; end $$`
        })
      )
      yield* database.transaction("test.commit", () => database.afterCommit(Effect.orDie(collides)))
      expect(yield* Ref.get(attempts)).toBe(2)
    })
  )

  it.effect("runs at once when no transaction is open", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const runs = yield* Ref.make(0)
      yield* database.afterCommit(Ref.update(runs, (n) => n + 1))
      expect(yield* Ref.get(runs)).toBe(1)
    })
  )
})

layer(TestDatabase.layerWith({ poolSize: 1 }))("a pool of one connection", (it) => {
  it.effect("serves a call within a call, and what follows its commit", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const one = database.query("test.one", (sql) => sql<{ one: number }>`select 1 as one`)
      const nested = database.transaction("test.nested", () =>
        Effect.andThen(
          database.afterCommit(Effect.asVoid(Effect.orDie(one))),
          database.transaction("test.in", () => one)
        )
      )
      expect(yield* database.query("test.outer", () => nested)).toEqual([{ one: 1 }])
    })
  )

  it.effect("leaves operators their own", () =>
    Effect.gen(function* () {
      const operators = yield* OperatorsDatabase
      const rows = yield* (yield* Database).transaction("test.hold", () =>
        operators.query("test.look", (sql) => sql<{ one: number }>`select 1 as one`)
      )
      expect(rows).toEqual([{ one: 1 }])
    })
  )
})

layer(TestDatabase.layerWith({ poolSize: 4, jobsShare: 0.5, acquireMillis: 100 }))("jobs", (it) => {
  it.effect("have their share of the pool together, and wait for one another while requests are served", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const done = yield* Latch.make()
      const seen = { atWork: 0, most: 0 }
      const job = database
        .query("test.job", () =>
          Effect.sync(() => void (seen.most = Math.max(seen.most, ++seen.atWork))).pipe(
            Effect.andThen(done.await),
            Effect.ensuring(Effect.sync(() => seen.atWork--))
          )
        )
        .pipe(Effect.provideService(ForAJob, true))
      const jobs = yield* Effect.replicateEffect(Effect.forkChild(job, { startImmediately: true }), 6)
      const request = database.query("test.one", (sql) => sql<{ one: number }>`select 1 as one`)
      const both = yield* Effect.all([request, request], { concurrency: 2 })
      expect(both).toEqual([[{ one: 1 }], [{ one: 1 }]])
      // For longer than a request would wait for its place.
      yield* TestClock.withLive(Effect.sleep("200 millis"))
      yield* done.open
      yield* Fiber.joinAll(jobs)
      expect(seen).toEqual({ atWork: 0, most: 2 })
    })
  )
})

layer(TestDatabase.layerWith({ slowMillis: 20 }))("a slow call", (it) => {
  it.effect("is one line in the log, by its name and without a value", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = Logger.map(Logger.formatJson, (line) => void logged.push(line))
      const database = yield* Database
      const secret = "a value that stays here"
      yield* database
        .query("test.slow", (sql) => sql`select pg_sleep(0.05), ${secret}::text`)
        .pipe(Effect.provide(Logger.layer([logger])))
      expect(logged).toHaveLength(1)
      expect(logged[0]).toContain("test.slow")
      expect(logged[0]).not.toContain(secret)
    })
  )
})

layer(TestDatabase.layer)("the clock of a test", (it) => {
  it.effect("belongs to the body, and does not hurry the database", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const fiber = yield* Effect.forkChild(
        database.query("test.clock", (sql) =>
          Effect.andThen(Effect.sleep("1 hour"), sql<{ one: number }>`select 1 as one`)
        )
      )
      yield* Effect.yieldNow
      yield* TestClock.adjust("1 hour")
      expect(Exit.isSuccess(yield* Fiber.await(fiber))).toBe(true)
    })
  )
})
