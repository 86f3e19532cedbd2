/** The deadline of whoever asks bounds the database too: the call, the statement on the server, and what it locks. */
import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { DatabaseHealth } from "../../src/database/DatabaseHealth.ts"
import { OperatorsDatabase } from "../../src/database/OperatorsDatabase.ts"
import { withDeadline } from "../../src/resilience/index.ts"
import { eventually } from "../eventually.ts"
import { realClock, TestDatabase } from "./testDatabase.ts"

/** Pings often enough that a busy machine's late one is no outage, and a slow statement is told from one. */
const database = TestDatabase.layerWith({ pingMillis: 1_000, callMillis: 10_000, statementMillis: 9_000 })

const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = performance.now()
    const error = yield* Effect.flip(self)
    return { error, millis: performance.now() - began }
  })

/** What the server is at work on, as another connection sees it. */
const underWay = Effect.flatMap(OperatorsDatabase, (operators) =>
  operators.read("test.activity", (sql) =>
    Effect.map(
      sql<{ query: string }>`
        select query from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
          and state in ('active', 'idle in transaction') and query like '%pg_sleep%'`,
      (rows) => rows.map(({ query }) => query)
    )
  )
)
const untilNothingIsUnderWay = eventually(underWay, (queries) => queries.length === 0, {
  every: "20 millis",
  within: "5 seconds"
}).pipe(Effect.provide(realClock))

layer(database)("a call inside of a deadline", (it) => {
  it.effect("ends with it, says that it took too long, and the server works on nothing of it any more", () =>
    Effect.gen(function* () {
      const shop = yield* Database
      const calls = yield* Effect.all(
        [
          timed(shop.read("test.read", (sql) => sql`select pg_sleep(8)`)),
          timed(shop.query("test.query", (sql) => sql`select pg_sleep(8)`)),
          timed(shop.transaction("test.transaction", (sql) => sql`select pg_sleep(8)`))
        ],
        { concurrency: 3 }
      ).pipe(withDeadline("300 millis"))
      for (const { error, millis } of calls) {
        expect(error).toMatchObject({ _tag: "QueryTimeout" })
        expect(millis).toBeLessThan(4_000)
      }
      yield* untilNothingIsUnderWay
      expect(yield* underWay).toEqual([])
      expect(yield* Effect.flatMap(DatabaseHealth, ({ status }) => status)).toMatchObject({ up: true })
    })
  )

  it.effect("does not wait longer than that for a row that another one holds", () =>
    Effect.gen(function* () {
      const shop = yield* Database
      yield* shop.query("test.create", (sql) => sql`create table held (id int primary key)`)
      yield* shop.query("test.insert", (sql) => sql`insert into held values (1)`)
      const lock = shop.query("test.lock", (sql) => sql`select id from held for update`)
      const { error, millis } = yield* shop.transaction("test.holder", () =>
        Effect.andThen(
          lock,
          Effect.flatMap(OperatorsDatabase, (other) =>
            timed(
              other
                .query("test.other", (sql) => sql`select id, 'pg_sleep' from held for update`)
                .pipe(withDeadline("200 millis"))
            )
          )
        )
      )
      expect(error).toMatchObject({ _tag: "QueryTimeout" })
      expect(millis).toBeLessThan(1_900)
      yield* untilNothingIsUnderWay
    })
  )

  it.effect("that has passed sends nothing", () =>
    Effect.gen(function* () {
      const shop = yield* Database
      let sent = false
      const call = shop.query("test.late", () => Effect.sync(() => void (sent = true)))
      expect(yield* call.pipe(withDeadline("0 millis"), Effect.flip)).toMatchObject({ _tag: "QueryTimeout" })
      expect(sent).toBe(false)
    })
  )
})
