/** Log ins and their places in PostgreSQL: see `LogInAttemptRepo`. */
import { Clock, DateTime, Effect, Schema } from "effect"
import { Database } from "../database/Database.ts"
import type { LogInAttemptRepo } from "./LogInAttemptRepo.ts"
import { DelayState, mostPlaces, untried } from "./logInDelay.ts"

// Written by this file alone: another shape is a defect.
const decode = Schema.decodeUnknownSync(DelayState)
const json = (state: DelayState) => JSON.stringify(state)
const date = (millis: number) => DateTime.toDateUtc(DateTime.makeUnsafe(millis))

export const makeLogInAttemptRepoSql = Effect.gen(function* () {
  const database = yield* Database

  const change: LogInAttemptRepo["Service"]["change"] = (subject, f) =>
    database.transaction("log_in_attempts.change", (sql) =>
      Effect.gen(function* () {
        const before = yield* Clock.currentTimeMillis
        yield* sql`insert into log_in_attempts (subject, state, changed_at)
                   values (${subject}, ${json(untried)}::jsonb, ${date(before)}) on conflict do nothing`
        const [row] = yield* sql<{ readonly state: unknown }>`
          select state from log_in_attempts where subject = ${subject} for update`
        // Read under the lock: whoever waited for it is later than who had it.
        const now = yield* Clock.currentTimeMillis
        const [answer, state] = f(row === undefined ? untried : decode(row.state), now)
        yield* sql`update log_in_attempts set state = ${json(state)}::jsonb, changed_at = ${date(now)}
                   where subject = ${subject}`
        return answer
      })
    )

  const hasPlace: LogInAttemptRepo["Service"]["hasPlace"] = (account, place) =>
    Effect.map(
      database.read(
        "log_in_places.has",
        (sql) => sql`select 1 from log_in_places where account = ${account} and place = ${place}`
      ),
      (rows) => rows.length > 0
    )

  const rememberPlace: LogInAttemptRepo["Service"]["rememberPlace"] = (account, place) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      database.transaction("log_in_places.remember", (sql) =>
        Effect.andThen(
          sql`insert into log_in_places (account, place, seen_at) values (${account}, ${place}, ${date(now)})
              on conflict (account, place) do update set seen_at = excluded.seen_at`,
          Effect.asVoid(
            sql`delete from log_in_places where account = ${account} and place not in
                  (select place from log_in_places where account = ${account} order by seen_at desc limit ${mostPlaces})`
          )
        )
      )
    )

  return { change, hasPlace, rememberPlace } satisfies LogInAttemptRepo["Service"]
})
