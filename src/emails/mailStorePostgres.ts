/** The table `emails`: see `MailStore`. */
import { Effect, Option } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { Database } from "../database/Database.ts"
import type { FrozenMail, MailStore } from "./MailStore.ts"

interface Row {
  readonly recipient: string
  readonly subject: string
  readonly body: string
  readonly taken: boolean
  readonly sent_seconds_ago: number | null
  readonly doubted: boolean
}

/** Rows a statement: a few milliseconds of locks that nobody else wants. */
const batch = 1_000

const toFrozen = (row: Row): FrozenMail => ({
  mail: { to: row.recipient, subject: row.subject, text: row.body },
  taken: row.taken,
  sentSecondsAgo: row.sent_seconds_ago ?? undefined,
  doubted: row.doubted
})

const read = (sql: SqlClient.SqlClient, key: string) => sql<Row>`
  select recipient, subject, body, taken_at is not null as taken, doubted_at is not null as doubted,
    extract(epoch from now() - first_sent_at)::float8 as sent_seconds_ago
  from emails where key = ${key}`

export const makeMailStorePostgres = Effect.gen(function* () {
  const database = yield* Database
  const change = (name: string, body: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, SqlError.SqlError>) =>
    Effect.asVoid(database.query(name, body))

  return {
    find: (key) =>
      Effect.map(
        database.query("emails.find", (sql) => read(sql, key)),
        ([row]) => Option.map(Option.fromUndefinedOr(row), toFrozen)
      ),
    freeze: (key, mail) =>
      database.query(
        "emails.freeze",
        Effect.fnUntraced(function* (sql) {
          yield* sql`insert into emails (key, recipient, subject, body)
            values (${key}, ${mail.to}, ${mail.subject}, ${mail.text}) on conflict do nothing`
          const [row] = yield* read(sql, key)
          return row === undefined ? { mail, taken: false, sentSecondsAgo: undefined, doubted: false } : toFrozen(row)
        })
      ),
    begin: (key) =>
      change(
        "emails.begin",
        (sql) => sql`
          update emails set doubted_at = null,
            first_sent_at = case when doubted_at is null then coalesce(first_sent_at, now()) else now() end
          where key = ${key} and taken_at is null`
      ),
    neverLeft: (key) =>
      change(
        "emails.never_left",
        (sql) => sql`update emails set first_sent_at = null where key = ${key} and taken_at is null`
      ),
    take: (key, providerId) =>
      change(
        "emails.take",
        (sql) => sql`
          update emails set provider_id = ${providerId}, taken_at = now(), first_sent_at = coalesce(first_sent_at, now())
          where key = ${key} and taken_at is null`
      ),
    doubt: (key) =>
      change(
        "emails.doubt",
        (sql) => sql`update emails set doubted_at = now() where key = ${key} and taken_at is null`
      ),
    removeTaken: (olderThanDays) =>
      Effect.map(
        database.query(
          "emails.remove_taken",
          (sql) => sql`
            with old as materialized (
              select key from emails where taken_at < now() - make_interval(days => ${olderThanDays})
              order by taken_at limit ${batch} for update skip locked)
            delete from emails using old where emails.key = old.key returning 1`
        ),
        (rows) => rows.length
      )
  } satisfies MailStore["Service"]
})
