/** LISTEN: notifications arrive, and go on arriving after the connection was lost. */
import { expect, layer } from "@effect/vitest"
import { Effect, Fiber, Schedule, Stream } from "effect"
import { Database } from "../../src/database/Database.ts"
import { realClock, TestDatabase } from "./testDatabase.ts"

const notify = (database: Database["Service"], payload: string) =>
  database.query("test.notify", (sql) => sql`select pg_notify('news', ${payload})`)
const listeners = (database: Database["Service"]) =>
  database.query(
    "test.listeners",
    (sql) => sql<{ pid: number }>`
      select pid from pg_stat_activity where datname = current_database() and query ilike 'listen%'`
  )
const often = Schedule.spaced("10 millis")

layer(TestDatabase.layer)("a listener", (it) => {
  it.effect("hears what is sent, also after its connection was killed", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const heard = yield* Effect.forkChild(Stream.runCollect(Stream.take(database.listen("news"), 2)))
      const [before] = yield* Effect.repeat(listeners(database), {
        until: (rows) => rows.length === 1,
        schedule: often
      })
      yield* notify(database, "before")
      yield* database.query("test.kill", (sql) => sql`select pg_terminate_backend(${before?.pid ?? 0}, 1000)`)
      yield* Effect.repeat(listeners(database), {
        until: (rows) => rows.length === 1 && rows[0]?.pid !== before?.pid,
        schedule: often
      })
      yield* notify(database, "after")
      expect(yield* Fiber.join(heard)).toEqual(["before", "after"])
    }).pipe(Effect.provide(realClock))
  )
})
