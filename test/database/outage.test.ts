/** A server that freezes, goes away and comes back, or is not there at the start: everything returns in time, typed. */
import { describe, expect, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Runtime, Schedule } from "effect"
import { Database } from "../../src/database/Database.ts"
import { DatabaseHealth } from "../../src/database/DatabaseHealth.ts"
import { StartupDatabaseUnreachable } from "../../src/database/errors.ts"
import { cutAfter, PrivateCluster, takingNoWrites } from "./privateCluster.ts"
import { realClock } from "./testDatabase.ts"

const limits = {
  statementMillis: 200,
  lockMillis: 100,
  silenceMillis: 400,
  callMillis: 600,
  connectMillis: 300,
  pingMillis: 200
}

const connect = (url: Redacted.Redacted, more: object = {}) =>
  Layer.build(Database.layer({ url, ...limits, ...more }).pipe(Layer.provide(realClock)))

const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const started = performance.now()
    const error = yield* Effect.flip(self)
    return { error, millis: performance.now() - started }
  })

const one = (database: Database["Service"]) =>
  database.query("test.one", (sql) => sql<{ one: number }>`select 1 as one`)
const often = Schedule.spaced("10 millis")
const untilBack = (database: Database["Service"]) =>
  Effect.retry(one(database), { schedule: often }).pipe(Effect.provide(realClock))

layer(PrivateCluster.layer)((it) => {
  describe("a frozen server", () => {
    const guards = {
      "costs a statement and a transaction its own silence at most": { silenceMillis: 400, callMillis: 60_000 },
      "costs a statement and a transaction their deadline at most": { silenceMillis: 60_000, callMillis: 400 }
    }
    for (const [title, guard] of Object.entries(guards)) {
      it.effect(title, () =>
        Effect.gen(function* () {
          const cluster = yield* PrivateCluster
          const database = yield* Effect.provide(Database, yield* connect(cluster.url, guard))
          yield* one(database)
          yield* cluster.freeze
          const calls = yield* Effect.all(
            [
              timed(one(database)),
              timed(database.transaction("test.tx", (sql) => sql`select 1`)),
              timed(database.transaction("test.nested", () => database.transaction("test.in", (sql) => sql`select 1`)))
            ],
            { concurrency: 3 }
          )
          for (const { error, millis } of calls) {
            expect(error).toMatchObject({ _tag: "DatabaseUnavailable", down: true })
            expect(millis).toBeLessThan(5_000)
          }
        }).pipe(Effect.scoped)
      )
    }

    it.effect("costs nothing once it is known, and is found again when it thaws", () =>
      Effect.gen(function* () {
        const cluster = yield* PrivateCluster
        const services = yield* connect(cluster.url)
        const database = yield* Effect.provide(Database, services)
        const health = yield* Effect.provide(DatabaseHealth, services)
        yield* one(database)
        const rejected = yield* Effect.gen(function* () {
          yield* cluster.freeze
          yield* Effect.flip(one(database))
          yield* Effect.repeat(health.status, { until: (status) => !status.up, schedule: often })
          const refused = yield* Effect.flip(one(database))
          const { rejections, state } = yield* health.snapshot
          expect([state, rejections.CircuitOpen]).toEqual(["open", 1])
          yield* Effect.repeat(health.snapshot, { until: ({ outageSeconds }) => outageSeconds > 0, schedule: often })
          return refused
        }).pipe(Effect.scoped, Effect.provide(realClock))
        expect(rejected).toMatchObject({ reason: "no_answer", outcome: "none", down: true })
        yield* untilBack(database)
        expect(yield* health.status).toMatchObject({ up: true })
      }).pipe(Effect.scoped)
    )

    it.effect("returns a caller that was interrupted at once", () =>
      Effect.gen(function* () {
        const cluster = yield* PrivateCluster
        const database = yield* Effect.provide(
          Database,
          yield* connect(cluster.url, { callMillis: 60_000, silenceMillis: 2_000 })
        )
        yield* one(database)
        yield* cluster.freeze
        const { millis } = yield* timed(one(database).pipe(Effect.timeout("100 millis"), Effect.provide(realClock)))
        expect(millis).toBeLessThan(1_500)
      }).pipe(Effect.scoped)
    )
  })

  describe("a wire that is cut", () => {
    it.effect("between COMMIT and its answer leaves the outcome unknown, and the row may be there", () =>
      Effect.gen(function* () {
        const cluster = yield* PrivateCluster
        const direct = yield* Effect.provide(Database, yield* connect(cluster.url))
        yield* direct.query("test.create", (sql) => sql`create table orders (id int)`)
        const database = yield* Effect.provide(Database, yield* connect(yield* cutAfter(cluster.url, "COMMIT")))
        const error = yield* Effect.flip(
          database.transaction("test.order", (sql) => sql`insert into orders values (1)`)
        )
        expect(error).toMatchObject({ _tag: "DatabaseUnavailable", outcome: "unknown" })
        yield* Effect.repeat(
          direct.query("test.orders", (sql) => sql`select 1 from orders`),
          { until: (rows) => rows.length === 1 }
        )
      }).pipe(Effect.scoped)
    )

    it.effect("in the middle of a read leaves no doubt, and in the middle of anything else does", () =>
      Effect.gen(function* () {
        const cluster = yield* PrivateCluster
        const database = yield* Effect.provide(Database, yield* connect(yield* cutAfter(cluster.url, "select 'cut'")))
        const calls = [database.read, database.query] as const
        const errors = yield* Effect.forEach(calls, (call) => Effect.flip(call("test.cut", (sql) => sql`select 'cut'`)))
        expect(errors).toMatchObject([{ outcome: "none" }, { outcome: "unknown" }])
      }).pipe(Effect.scoped)
    )

    it.effect("in the middle of a transaction leaves nothing done", () =>
      Effect.gen(function* () {
        const cluster = yield* PrivateCluster
        const database = yield* Effect.provide(Database, yield* connect(yield* cutAfter(cluster.url, "select 'cut'")))
        const error = yield* Effect.flip(database.transaction("test.order", (sql) => sql`select 'cut'`))
        expect(error).toMatchObject({ _tag: "DatabaseUnavailable", outcome: "none", down: true })
      }).pipe(Effect.scoped)
    )
  })

  describe("a server that takes no writes", () => {
    it.effect("answers what only reads, refuses the rest as down, and is known for it", () =>
      Effect.gen(function* () {
        const cluster = yield* PrivateCluster
        const services = yield* connect(cluster.url)
        const database = yield* Effect.provide(Database, services)
        const health = yield* Effect.provide(DatabaseHealth, services)
        const write = database.query("test.write", (sql) => sql`create table written (id int)`)
        yield* Effect.gen(function* () {
          yield* takingNoWrites(database)
          yield* Effect.repeat(health.status, { until: (status) => status.up && status.readOnly, schedule: often })
          expect(yield* database.read("test.read", (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }])
          const error = yield* Effect.flip(write)
          expect(error).toMatchObject({ reason: "read_only", outcome: "none", down: true, stillReads: true })
        }).pipe(Effect.scoped, Effect.provide(realClock))
        yield* Effect.retry(write, { schedule: often }).pipe(Effect.provide(realClock))
        yield* Effect.repeat(health.status, { until: (status) => status.up && !status.readOnly, schedule: often }).pipe(
          Effect.provide(realClock)
        )
      }).pipe(Effect.scoped)
    )
  })

  describe("a start", () => {
    const refused = Effect.fnUntraced(function* (change: (url: URL) => void, startupMillis = 15_000) {
      const cluster = yield* PrivateCluster
      const url = new URL(Redacted.value(cluster.url))
      change(url)
      const result = yield* timed(Effect.scoped(connect(Redacted.make(url.href), { startupMillis })))
      if (!(result.error instanceof StartupDatabaseUnreachable)) return expect.unreachable()
      expect(result.error[Runtime.errorExitCode]).toBe(69)
      expect(result.error.message).toContain("DATABASE_URL")
      for (const secret of [url.password, url.port, url.hostname]) expect(result.error.message).not.toContain(secret)
      return { reason: result.error.reason, millis: result.millis }
    })

    it.effect("without a server fails at its deadline", () =>
      Effect.gen(function* () {
        const result = yield* refused((url) => (url.port = "1"), 500)
        expect(result.reason).toBe("unreachable")
        expect(result.millis).toBeGreaterThan(400)
        expect(result.millis).toBeLessThan(3_000)
      })
    )

    it.effect("with a wrong password fails at once", () =>
      Effect.gen(function* () {
        const result = yield* refused((url) => (url.password = "wrong-password"))
        expect(result.reason).toBe("credentials_refused")
        expect(result.millis).toBeLessThan(3_000)
      })
    )

    it.effect("towards a database that is not there fails at once", () =>
      Effect.gen(function* () {
        const result = yield* refused((url) => (url.pathname = "/nowhere"))
        expect(result.reason).toBe("no_such_database")
      })
    )

    it.effect("with an address that is none says so", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(connect(Redacted.make("nonsense"))))
        expect(error).toMatchObject({ reason: "url_invalid" })
      })
    )
  })
})
