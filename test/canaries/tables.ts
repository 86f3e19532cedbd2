/** The database's part: failures that quote the row, rows that nobody can read any more, and where in it a text stands. */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Redacted } from "effect"
import { Database } from "../../src/database/Database.ts"
import { gossip, tracesIn } from "./canaries.ts"

/** The shop's own embedded server, as somebody who administers it. */
export const databaseIn = (dataDir: string) => {
  const pg = path.join(dataDir, "pg")
  const password = fs.readFileSync(path.join(pg, "holdfast.password"), "utf8").trim()
  const port = fs.readFileSync(path.join(pg, "postmaster.pid"), "utf8").split("\n")[3]
  const url = Redacted.make(`postgres://holdfast:${password}@127.0.0.1:${port}/postgres`)
  return Database.layer({ url, poolSize: 1 })
}

/** What the server itself wrote. */
export const serverLogIn = (dataDir: string) => fs.readFileSync(path.join(dataDir, "pg", "server.log"), "utf8")

/** The tables, and what in a row of theirs, with a `=` and an SQLSTATE behind it, is a failure. */
const loud = { users: "state", orders: "state", emails: "mail", deferred: "state" }

/** Such a failure is told in words that quote the row, in every field that an error has; any row is, in a warning. */
const statements = [
  `create function gossip() returns trigger language plpgsql as $$
  declare
    told text := regexp_replace(to_jsonb(new)::text, '["{}:,]', ' ', 'g');
    state text := (regexp_match(told, tg_argv[0] || '=([0-9A-Z]{5})'))[1];
  begin
    raise warning '%', told;
    if state is null then return new; end if;
    if state = '22P02' then perform told::int; end if;
    raise exception using errcode = state, message = told, detail = told, hint = told,
      constraint = told, column = told, table = told, schema = told, datatype = told;
  end $$`,
  ...Object.entries(loud).map(
    ([table, sign]) => `create trigger gossip before insert on ${table} for each row execute function gossip('${sign}')`
  ),
  // Says in its detail which row failed.
  "alter table orders add constraint orders_gossip check (client_reference not like 'a check %')"
]
const undone = ["drop function gossip cascade", "alter table orders drop constraint orders_gossip"]

/** The shop works on the same tables meanwhile: who collides with it, or waits too long for a lock, tries again. */
const inOrder = (all: ReadonlyArray<string>) =>
  Effect.flatMap(Database, (database) =>
    Effect.forEach(
      all,
      (one) =>
        Effect.retry(
          database.query("test.tables", (sql) => sql.unsafe(one)),
          { times: 20 }
        ),
      {
        discard: true
      }
    )
  )

export const loosenTongues = inOrder(statements)
export const silence = inOrder(undone)

/** What waits in the spool goes on to the database. */
export const takeOver = inOrder(["drop trigger gossip on deferred"])
export const takenOver = Effect.flatMap(Database, (database) =>
  database.query("test.taken_over", (sql) =>
    Effect.map(sql<{ id: string }>`select id from deferred`, (rows) => rows.map(({ id }) => id))
  )
)

/** Each a failure of the database, by its SQLSTATE; those of the second list take the database for away. */
export const states = [
  "P0001",
  "42601",
  "42703",
  "22P02",
  "22001",
  "23505",
  "23514",
  "40001",
  "55P03",
  "57014",
  "XX000"
]
export const statesOfOutages = ["53100", "57P03"]

/** Rows that were fine, and that nobody can read any more: what reads them dies, and would like to quote them. */
export const spoil = (userId: string, orderId: string) =>
  Effect.flatMap(Database, (database) =>
    database.query("test.spoil", (sql) =>
      Effect.all([
        sql`update users set password = ${gossip} where id = ${userId}`,
        sql`update orders set status = 'failed', failure = ${JSON.stringify({ code: gossip })}::jsonb where id = ${orderId}`
      ])
    )
  )

/** The queues of jobs that are dead or met with a bug, one for each. */
export const queuesOfFailures = Effect.flatMap(Database, (database) =>
  database.query("test.failures", (sql) =>
    Effect.map(
      sql<{ queue: string }>`select queue from jobs where state = 'dead' or last_error ->> 'code' = 'defect'`,
      (rows) => rows.map(({ queue }) => queue)
    )
  )
)

/** Every column of every table in which any of it stands, as `table.column`. */
export const whereItStands = Effect.gen(function* () {
  const database = yield* Database
  const tables = yield* database.query(
    "test.names",
    (sql) => sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`
  )
  const rowsOf = (name: string) =>
    database.query("test.rows", (sql) => sql<{ row: object }>`select to_jsonb(t) as row from ${sql(name)} t`)
  const found = yield* Effect.forEach(tables, ({ name }) =>
    Effect.map(rowsOf(name), (rows) =>
      rows.flatMap(({ row }) =>
        Object.entries(row).flatMap(([column, value]) =>
          tracesIn(JSON.stringify(value)).length > 0 ? [`${name}.${column}`] : []
        )
      )
    )
  )
  return [...new Set(found.flat())].toSorted()
})
