/** The `users` table in PostgreSQL: see `UserRepo`. */
import { DateTime, Effect, Option, Redacted } from "effect"
import { Database } from "../database/Database.ts"
import { onConstraint } from "../database/constraints.ts"
import { EmailTaken } from "./errors.ts"
import type { Role, User } from "./User.ts"
import { UserId } from "./User.ts"
import type { UserRepo } from "./UserRepo.ts"

interface Row {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly created_at: Date
}

const toUser = (row: Row): User => ({
  id: UserId.make(row.id),
  email: row.email,
  name: row.name,
  createdAt: DateTime.fromDateUnsafe(row.created_at)
})

export const makeUserRepoSql = Effect.gen(function* () {
  const database = yield* Database

  const insert: UserRepo["Service"]["insert"] = (user, beside) =>
    database.transaction("users.insert", (sql) =>
      sql`insert into users (id, email, email_normalized, name, password, created_at)
          values (${user.id}, ${user.email}, ${user.emailNormalized}, ${user.name},
                  ${Redacted.value(user.password)}, ${DateTime.toDateUtc(user.createdAt)})`.pipe(
        onConstraint("users_email_key", () => new EmailTaken()),
        onConstraint("users_pkey", () => new EmailTaken()),
        Effect.andThen(
          beside === undefined ? Effect.void : Effect.andThen(beside.also, database.afterCommit(beside.afterwards))
        )
      )
    )

  const find: UserRepo["Service"]["find"] = (id) =>
    database
      .read("users.find", (sql) => sql<Row>`select id, email, name, created_at from users where id = ${id}`)
      .pipe(Effect.map(([row]) => Option.map(Option.fromNullishOr(row), toUser)))

  const credentials: UserRepo["Service"]["credentials"] = (emailNormalized) =>
    database
      .read(
        "users.credentials",
        (sql) =>
          sql<{
            readonly id: string
            readonly password: string
          }>`select id, password from users where email_normalized = ${emailNormalized}`
      )
      .pipe(
        Effect.map(([row]) =>
          Option.map(Option.fromNullishOr(row), ({ id, password }) => ({
            userId: UserId.make(id),
            password: Redacted.make(password)
          }))
        )
      )

  const page: UserRepo["Service"]["page"] = (after, limit) =>
    database
      .read("users.page", (sql) =>
        after === undefined
          ? sql<Row>`select id, email, name, created_at from users order by created_at desc, id desc limit ${limit}`
          : sql<Row>`select id, email, name, created_at from users
                     where (created_at, id) < (${DateTime.toDateUtc(after.createdAt)}, ${after.id})
                     order by created_at desc, id desc limit ${limit}`
      )
      .pipe(Effect.map((rows) => rows.map(toUser)))

  const replacePassword: UserRepo["Service"]["replacePassword"] = (id, from, to) =>
    database.query("users.replace_password", (sql) =>
      Effect.asVoid(
        sql`update users set password = ${Redacted.value(to)} where id = ${id} and password = ${Redacted.value(from)}`
      )
    )

  const role: UserRepo["Service"]["role"] = (id) =>
    database
      .read("users.role", (sql) => sql<{ readonly role: Role }>`select role from users where id = ${id}`)
      .pipe(Effect.map(([row]) => Option.map(Option.fromNullishOr(row), (found) => found.role)))

  const operators: UserRepo["Service"]["operators"] = (limit) =>
    database
      .read(
        "users.operators",
        (sql) => sql<{ readonly id: string }>`select id from users where role = 'operator' limit ${limit}`
      )
      .pipe(Effect.map((rows) => rows.map(({ id }) => UserId.make(id))))

  const setRole: UserRepo["Service"]["setRole"] = (id, role) =>
    database
      .query("users.set_role", (sql) => sql`update users set role = ${role} where id = ${id} returning id`)
      .pipe(Effect.map((rows) => rows.length > 0))

  return { insert, find, credentials, page, replacePassword, role, operators, setRole } satisfies UserRepo["Service"]
})
