/**
 * What the shops of this campaign stand on: one PostgreSQL server that syncs to disk, and a database each.
 *
 * The server is private, its databases are copies of one that was migrated, and all is gone with the scope.
 */
import * as path from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { EmbeddedPostgres } from "../../../src/database/EmbeddedPostgres.ts"
import { Migrations } from "../../../src/database/Migrations.ts"
import { temporaryFolder } from "../postgres.ts"

const silent = () => Effect.void
/** A few shops at once, each with its pools, the judge's, and what a killed shop's connections still take up. */
const settings = { max_connections: "200" }

export const ground = Effect.gen(function* () {
  const directory = path.join(yield* temporaryFolder, "pg")
  const server = yield* EmbeddedPostgres.start({ directory, settings, onProgress: silent })
  const urlOf = (name: string) => {
    const url = new URL(Redacted.value(server.url))
    url.pathname = `/${name}`
    return Redacted.make(url.href)
  }
  const admin = (statement: string) =>
    PgClient.make({ url: server.url, maxConnections: 1 }).pipe(
      Effect.flatMap((sql) => sql.unsafe(statement)),
      Effect.scoped,
      Effect.provide(Reactivity.layer)
    )
  yield* admin("create database template_shop template template0")
  yield* Migrations.migrate({ url: urlOf("template_shop"), mode: "auto", onProgress: silent })
  let made = 0
  /** A migrated database; dropped with the scope. */
  const database = Effect.acquireRelease(
    Effect.suspend(() => {
      const name = `shop_${++made}`
      return Effect.as(admin(`create database ${name} template template_shop`), name)
    }),
    (name) => Effect.ignore(admin(`drop database ${name} with (force)`))
  ).pipe(Effect.map(urlOf))
  return { database }
})

export type Ground = Effect.Success<typeof ground>
