/**
 * What the shops of this campaign stand on: one PostgreSQL server that syncs to disk, and for each of them a copy of a
 * database in which the shelves are full and one customer, who is an operator too, has logged in.
 *
 * All is gone with the scope.
 */
import * as path from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import { EmbeddedPostgres } from "../../../src/database/EmbeddedPostgres.ts"
import { type Customer, customer } from "../../main/client.ts"
import { startShop } from "../../main/process.ts"
import { temporaryFolder } from "../postgres.ts"
import { startProvider } from "../provider.ts"

/** A few shops at once, each with its pools, the judge's, and what a killed shop's connections still take up. */
const settings = { max_connections: "200" }
/** The same for every shop: a session of the copied customer holds in each of them. */
export const secret = "not a secret, but long enough for the shop"
const template = "template_shop"

export interface Ground {
  readonly who: Customer
  /** Dropped with the scope. */
  readonly database: Effect.Effect<Redacted.Redacted, never, Scope.Scope>
}

const statement = (url: Redacted.Redacted, text: string) =>
  PgClient.make({ url, maxConnections: 1 }).pipe(
    Effect.flatMap((sql) => sql.unsafe(text)),
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    Effect.orDie
  )

/** One life of a shop, to migrate, to fill the shelves and to know a customer. It is gone when this returns. */
const firstCustomer = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const folder = yield* temporaryFolder
  const provider = yield* startProvider(`${folder}/sandbox`)
  const env = { DATABASE_URL: Redacted.value(url), DATA_DIR: folder, APP_SECRET: secret, ...provider.env }
  const shop = yield* startShop({ env })
  const who = yield* customer((yield* shop.ready).url)
  yield* statement(url, `update users set role = 'operator' where id = '${who.userId}'`)
  yield* shop.signal("SIGTERM")
  yield* shop.ended
  return who
}, Effect.scoped)

export const ground = Effect.gen(function* () {
  const directory = path.join(yield* temporaryFolder, "pg")
  const server = yield* EmbeddedPostgres.start({ directory, settings, onProgress: () => Effect.void })
  const urlOf = (name: string) => {
    const url = new URL(Redacted.value(server.url))
    url.pathname = `/${name}`
    return Redacted.make(url.href)
  }
  yield* statement(server.url, `create database ${template} template template0`)
  const who = yield* firstCustomer(urlOf(template))
  let made = 0
  const database = Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `shop_${++made}`
      return Effect.as(statement(server.url, `create database ${name} template ${template}`), name)
    }),
    (name) => statement(server.url, `drop database ${name} with (force)`)
  ).pipe(Effect.map(urlOf))
  return { who, database } satisfies Ground
})
