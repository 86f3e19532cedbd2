/** What a call to the database fails with, on a real server: never a defect for an outage, never a value in an error. */
import { expect, layer } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Latch, Ref } from "effect"
import { SqlClient } from "effect/sql"
import { onConstraint } from "../../src/database/constraints.ts"
import { Database } from "../../src/database/Database.ts"
import { DatabaseUnavailable, QueryTimeout } from "../../src/database/errors.ts"
import { OperatorsDatabase } from "../../src/database/OperatorsDatabase.ts"
import { TestDatabase } from "./testDatabase.ts"

const createCounters = (database: Database["Service"]) =>
  database.transaction("test.create", (sql) =>
    Effect.andThen(
      sql`create table if not exists counters (id int primary key, n int not null default 0 constraint counters_small check (n < 1000))`,
      sql`insert into counters values (1), (2) on conflict (id) do update set n = 0`
    )
  )
const total = (database: Database["Service"]) =>
  Effect.map(
    database.query("test.total", (sql) => sql<{ n: number }>`select sum(n)::int as n from counters`),
    (rows) => rows[0]?.n
  )

/** Two parties that meet here on their first attempt, and pass on the later ones. */
const meeting = Effect.map(Effect.all([Ref.make(0), Deferred.make<void>()]), ([arrivals, both]) =>
  Effect.gen(function* () {
    if ((yield* Ref.updateAndGet(arrivals, (n) => n + 1)) === 2) yield* Deferred.succeed(both, undefined)
    yield* Deferred.await(both)
  })
)

layer(TestDatabase.layer)("transactions that collide", (it) => {
  it.effect("both succeed after a deadlock", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createCounters(database)
      const meet = yield* meeting
      const attempts = yield* Ref.make(0)
      const lockBoth = (first: number, second: number) =>
        database.transaction("test.lockBoth", (sql) =>
          Effect.gen(function* () {
            yield* Ref.update(attempts, (n) => n + 1)
            yield* sql`set local deadlock_timeout = '20ms'`
            yield* sql`update counters set n = n + 1 where id = ${first}`
            yield* meet
            yield* sql`update counters set n = n + 1 where id = ${second}`
          })
        )
      yield* Effect.all([lockBoth(1, 2), lockBoth(2, 1)], { concurrency: 2 })
      expect(yield* total(database)).toBe(4)
      expect(yield* Ref.get(attempts)).toBe(3)
    })
  )

  it.effect("both succeed after a serialization failure", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createCounters(database)
      const meet = yield* meeting
      const increment = database.transaction("test.increment", (sql) =>
        Effect.gen(function* () {
          const [row] = yield* sql<{ n: number }>`select n from counters where id = 1`
          yield* meet
          yield* sql`update counters set n = ${(row?.n ?? 0) + 1} where id = 1`
        })
      )
      const serializable = Effect.provideService(
        increment,
        SqlClient.BeginTransaction,
        "begin isolation level serializable"
      )
      yield* Effect.all([serializable, serializable], { concurrency: 2 })
      expect(yield* total(database)).toBe(2)
    })
  )

  it.effect("give up after four attempts, also when the collision was in a transaction within", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const attempts = yield* Ref.make(0)
      const deadlock = database.transaction(
        "test.inner",
        (sql) => sql`do $$ begin raise exception using errcode = '40P01'; end $$`
      )
      const error = yield* Effect.flip(
        database.transaction("test.outer", () =>
          Effect.andThen(
            Ref.update(attempts, (n) => n + 1),
            deadlock
          )
        )
      )
      expect(error).toMatchObject({ _tag: "DatabaseUnavailable", reason: "deadlock", down: false, outcome: "none" })
      expect(yield* Ref.get(attempts)).toBe(4)
    })
  )
})

layer(TestDatabase.layer)("a lost connection", (it) => {
  const killItself = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
    const [backend] = yield* sql<{ pid: number }>`select pg_backend_pid() as pid`
    const operators = yield* OperatorsDatabase
    yield* Effect.orDie(
      operators.query("test.kill", (sql) => sql`select pg_terminate_backend(${backend?.pid ?? 0}, 1000)`)
    )
  })

  it.effect("inside a transaction is a typed failure, nothing was done, and the next call works", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createCounters(database)
      const error = yield* Effect.flip(
        database.transaction("test.lost", (sql) =>
          Effect.gen(function* () {
            yield* sql`update counters set n = 100`
            yield* killItself(sql)
            yield* sql`update counters set n = 200`
          })
        )
      )
      expect(error).toBeInstanceOf(DatabaseUnavailable)
      expect(error).toMatchObject({ reason: "connection", down: true, outcome: "none" })
      expect(yield* total(database)).toBe(0)
    })
  )

  it.effect("beside a domain failure does not hide behind it", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const error = yield* Effect.flip(
        database.transaction("test.lost", (sql) => Effect.andThen(killItself(sql), Effect.fail("declined" as const)))
      )
      expect(error).toMatchObject({ _tag: "DatabaseUnavailable", reason: "connection" })
    })
  )

  it.effect("outside of a transaction leaves the outcome unknown", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const error = yield* Effect.flip(
        database.query("test.suicide", (sql) => sql`select pg_terminate_backend(pg_backend_pid())`)
      )
      expect(error).toMatchObject({ reason: "connection", outcome: "unknown" })
    })
  )
})

layer(
  TestDatabase.layerWith({
    poolSize: 1,
    acquireMillis: 100,
    statementMillis: 300,
    lockMillis: 100,
    idleInTransactionMillis: 200
  })
)("a limit", (it) => {
  it.effect("on waiting for a connection answers pool_exhausted in time", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const [held, release] = [yield* Latch.make(), yield* Latch.make()]
      const holder = yield* Effect.forkChild(
        database.query("test.hold", () => Effect.andThen(held.open, release.await))
      )
      yield* held.await
      const started = performance.now()
      const error = yield* Effect.flip(database.query("test.wait", (sql) => sql`select 1`))
      expect(performance.now() - started).toBeLessThan(2_000)
      expect(error).toMatchObject({ reason: "pool_exhausted", down: false, outcome: "none", retryAfterSeconds: 1 })
      yield* release.open
      yield* Fiber.join(holder)
      yield* database.query("test.next", (sql) => sql`select 1`)
    })
  )

  it.effect("on a statement answers QueryTimeout", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip((yield* Database).query("test.slow", (sql) => sql`select pg_sleep(5)`))
      expect(error).toBeInstanceOf(QueryTimeout)
    })
  )

  it.effect("on a lock answers lock_timeout", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createCounters(database)
      const operators = yield* OperatorsDatabase
      const update = database.query("test.update", (sql) => sql`update counters set n = 1`)
      const error = yield* Effect.flip(
        operators.transaction("test.lock", (sql) => Effect.andThen(sql`lock table counters`, update))
      )
      expect(error).toMatchObject({ reason: "lock_timeout", down: false })
    })
  )

  it.effect("on an idle transaction answers QueryTimeout, and its locks are gone", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createCounters(database)
      const ended = database.query("test.never", () => Effect.void)
      const operators = yield* OperatorsDatabase
      const idle = database.transaction("test.idle", (sql) =>
        Effect.gen(function* () {
          const [backend] = yield* sql<{ pid: number }>`update counters set n = 5 returning pg_backend_pid() as pid`
          const alive = operators.query(
            "test.alive",
            (sql) =>
              sql<{ n: number }>`select count(*)::int as n from pg_stat_activity where pid = ${backend?.pid ?? 0}`
          )
          yield* Effect.repeat(alive, { until: (rows) => rows[0]?.n === 0 })
          // The server's last words are on their way to this socket: one more turn of the event loop reads them.
          yield* alive
          yield* sql`select 1`
        })
      )
      expect(yield* Effect.flip(idle)).toBeInstanceOf(QueryTimeout)
      yield* ended
      expect(yield* total(database)).toBe(0)
    })
  )
})

layer(TestDatabase.layerWith({ callMillis: 1_200, pingMillis: 50 }))("a call that is late", (it) => {
  it.effect("answers QueryTimeout while the database answers others: it is slow, and not down", () =>
    Effect.gen(function* () {
      const database = yield* Database
      expect(yield* Effect.flip(database.query("test.stuck", () => Effect.never))).toBeInstanceOf(QueryTimeout)
      expect(yield* Effect.flip(database.transaction("test.stuck", () => Effect.never))).toBeInstanceOf(QueryTimeout)
    })
  )
})

layer(TestDatabase.layer)("a broken constraint", (it) => {
  const canary = 987_654
  const put = (n: number) => (sql: SqlClient.SqlClient) => sql`update counters set n = ${n} where id = 1`

  it.effect("that its repository names is a domain error", () =>
    Effect.gen(function* () {
      const database = yield* Database
      yield* createCounters(database)
      const small = onConstraint("counters_small", () => "too large" as const)
      expect(yield* Effect.flip(database.query("test.check", (sql) => small(put(canary)(sql))))).toBe("too large")
      const unique = onConstraint("counters_pkey", () => "taken" as const)
      expect(
        yield* Effect.flip(database.query("test.unique", (sql) => unique(sql`insert into counters values (1)`)))
      ).toBe("taken")
      const missing = onConstraint("counters.n", () => "missing" as const)
      const unset = database.query("test.null", (sql) => missing(sql`update counters set n = null`))
      expect(yield* Effect.flip(unset)).toBe("missing")
    })
  )

  it.effect("that nobody names is a defect without the row's values", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const exit = yield* Effect.exit(database.transaction("test.check", put(canary)))
      if (Exit.isSuccess(exit)) return expect.unreachable()
      expect(Cause.hasDies(exit.cause)).toBe(true)
      const everything = `${Cause.pretty(exit.cause)} ${JSON.stringify(exit)} ${String(Cause.squash(exit.cause))}`
      expect(everything).toContain("23514")
      expect(everything).not.toContain(String(canary))
    })
  )

  it.effect("in a statement that does not parse is a defect that names the call", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit((yield* Database).query("test.typo", (sql) => sql`selekt 1`))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("test.typo")
    })
  )
})
