/** LISTEN: notifications arrive, and go on arriving after the connection was lost. */
import { expect, layer } from "@effect/vitest"
import { Effect, Queue, Schedule, Stream } from "effect"
import { Database } from "../../src/database/Database.ts"
import { realClock, TestDatabase } from "./testDatabase.ts"

const notify = (database: Database["Service"], payload: string) =>
  database.query("test.notify", (sql) => sql`select pg_notify('news', ${payload})`)
const listeners = (database: Database["Service"]) =>
  database.query(
    "test.listeners",
    (sql) => sql<{ pid: number }>`
      select pid from pg_stat_activity where datname = current_database() and state = 'idle' and query ilike 'listen%'`
  )
const often = Schedule.spaced("10 millis")

layer(TestDatabase.layer)("a listener", (it) => {
  it.effect("hears what is sent, also after its connection was killed", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const heard = yield* Queue.unbounded<string>()
      yield* Effect.forkChild(Stream.runForEach(database.listen("news"), (payload) => Queue.offer(heard, payload)))
      const [before] = yield* Effect.repeat(listeners(database), {
        until: (rows) => rows.length === 1,
        schedule: often
      })
      yield* notify(database, "before")
      expect(yield* Queue.take(heard)).toBe("before")
      yield* database.query("test.kill", (sql) => sql`select pg_terminate_backend(${before?.pid ?? 0}, 1000)`)
      yield* Effect.repeat(listeners(database), {
        until: (rows) => rows.length === 1 && rows[0]?.pid !== before?.pid,
        schedule: often
      })
      yield* notify(database, "after")
      expect(yield* Queue.take(heard)).toBe("after")
    }).pipe(Effect.provide(realClock))
  )
})
