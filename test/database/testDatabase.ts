/**
 * A database of its own for a test file, on the run's real PostgreSQL: `layer(TestDatabase.layer)("…", (it) => …)`.
 *
 * Copied from the migrated template in some 50 ms, dropped with its scope. Its timers run on the real clock,
 * so that `TestClock` neither stops nor hurries a server; the clock of the test's own code is left alone.
 */
import { PgClient } from "@effect/sql-pg"
import { Clock, Effect, Layer, Redacted, Context } from "effect"
import { SecureRandom } from "effect/crypto"
import { Reactivity } from "effect/reactivity"
import { inject } from "vitest"
import { Database, type DatabaseOptions } from "../../src/database/Database.ts"

/**
 * One statement on the server's own database, over a connection of its own: a pool whose scope is closing opens no
 * connection any more, so what a finalizer has to say it cannot say through a pool of the scope that it belongs to.
 */
export const asAdmin = (url: string, statement: string) =>
  PgClient.make({ url: Redacted.make(url), maxConnections: 1 }).pipe(
    Effect.flatMap((admin) => admin.unsafe(statement)),
    Effect.scoped,
    Effect.provide(Reactivity.layer)
  )

export const databaseUrl = (url: string, database: string): string => {
  const copy = new URL(url)
  copy.pathname = `/${database}`
  return copy.href
}

/** The real clock, whatever the test's is. */
export const realClock = Layer.succeed(Clock.Clock, Clock.Clock.defaultValue())

/** A fresh database: migrated, or empty. Only the URL; nothing connects to it yet. */
export class TestDatabaseUrl extends Context.Service<TestDatabaseUrl, Redacted.Redacted>()(
  "holdfast/test/TestDatabaseUrl"
) {
  static readonly make = Effect.fnUntraced(function* (content: "migrated" | "empty") {
    const { template, url } =
      inject("cluster") ?? (yield* Effect.die("vitest.config.ts must name test/database/cluster.ts as globalSetup"))
    const name = `holdfast_test_${(yield* (yield* SecureRandom.SecureRandom).uuidV4()).replaceAll("-", "")}`
    yield* Effect.acquireRelease(
      asAdmin(url, `create database ${name} template ${content === "migrated" ? template : "template0"}`),
      () => Effect.ignore(asAdmin(url, `drop database ${name} with (force)`))
    )
    return TestDatabaseUrl.of(Redacted.make(databaseUrl(url, name)))
  }, Effect.provide(SecureRandom.layerWebCrypto))

  static readonly layer = Layer.effect(TestDatabaseUrl, TestDatabaseUrl.make("migrated")).pipe(Layer.provide(realClock))
}

/** A busy machine that runs tests may be late with its pings; that is no outage. */
const pingMillis = 5_000

/** With other limits than usual. */
const layerWith = (options: Omit<DatabaseOptions, "url">) =>
  Layer.unwrap(Effect.map(TestDatabaseUrl, (url) => Database.layer({ pingMillis, ...options, url }))).pipe(
    Layer.provideMerge(TestDatabaseUrl.layer),
    Layer.provide(realClock)
  )

/** `Database`, migrated and empty of rows, and the URL that leads to it. */
export const TestDatabase = { layer: layerWith({}), layerWith }
