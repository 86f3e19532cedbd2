/** Migrations on a real server: once across nodes, in order, whole or not at all, and loud about anything odd. */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Runtime, type Scope } from "effect"
import { connections, defaultLimits } from "../../src/database/connections.ts"
import { Database } from "../../src/database/Database.ts"
import { MigrationRefused, SchemaNotCurrent } from "../../src/database/errors.ts"
import { Migrations } from "../../src/database/Migrations.ts"
import { cutAfter, temporaryFolder } from "./privateCluster.ts"
import { realClock, TestDatabaseUrl } from "./testDatabase.ts"

const first = { "0001_first.sql": "create table a (id int); insert into a values (1); -- two statements;\n" }
const second = { "0002_second.sql": "create table b (id int); do $$ begin insert into b values (1); end $$;" }

/** An empty database, and a folder of migrations whose content a test changes. */
const setting = Effect.gen(function* () {
  const url = yield* TestDatabaseUrl.make("empty")
  const directory = yield* temporaryFolder
  const write = (files: Record<string, string>) =>
    Effect.sync(() => {
      for (const file of fs.readdirSync(directory)) fs.rmSync(path.join(directory, file))
      for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(directory, name), text)
    })
  const sql = yield* connections({ url, applicationName: "test", maxConnections: 1, limits: defaultLimits })
  const migrate = (mode: "auto" | "check" = "auto") =>
    Migrations.migrate({ url, mode, directory, onProgress: () => Effect.void })
  const tables = Effect.map(
    sql<{
      name: string
    }>`select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
    (rows) => rows.map(({ name }) => name)
  )
  return { url, directory, write, sql, migrate, tables }
})

const scenario = (
  title: string,
  run: (given: Effect.Success<typeof setting>) => Effect.Effect<void, unknown, Scope.Scope>
) => it.effect(title, () => Effect.flatMap(setting, run).pipe(Effect.provide(realClock)))

const refusal = (error: unknown) => (error instanceof MigrationRefused ? `${error.reason} ${error.migration}` : error)

describe("migrating", () => {
  scenario("applies every statement of every file, in order, and only once", ({ migrate, sql, write }) =>
    Effect.gen(function* () {
      yield* write({ ...first, ...second })
      expect(yield* migrate()).toEqual(["0001_first", "0002_second"])
      expect(yield* migrate()).toEqual([])
      expect(yield* sql`select a.id from a, b`).toEqual([{ id: 1 }])
    })
  )

  scenario("from three nodes at once is done by one of them", ({ migrate, sql, write }) =>
    Effect.gen(function* () {
      yield* write({ ...first, ...second })
      const results = yield* Effect.all([migrate(), migrate(), migrate()], { concurrency: 3 })
      expect(results.map((applied) => applied.length).toSorted()).toEqual([0, 0, 2])
      expect(yield* sql`select count(*)::int as n from a`).toEqual([{ n: 1 }])
    })
  )

  scenario("applies nothing at all when one of the files fails", ({ migrate, tables, write }) =>
    Effect.gen(function* () {
      yield* write({ ...first, "0002_bad.sql": "create table b (id int); select nothing from nowhere;" })
      const error = yield* Effect.flip(migrate())
      expect(refusal(error)).toBe("failed 0002_bad")
      expect(error.message).toContain("42P01")
      expect(yield* tables).toEqual([])
    })
  )

  scenario("over a connection that is lost at the commit refuses nothing: the next start finds out", (given) =>
    Effect.gen(function* () {
      yield* given.write(first)
      const url = yield* cutAfter(given.url, "COMMIT")
      const options = { url, mode: "auto", directory: given.directory, onProgress: () => Effect.void } as const
      const error = yield* Effect.flip(Migrations.migrate(options))
      expect(error).toMatchObject({ _tag: "StartupDatabaseUnreachable", reason: "connection_lost" })
      yield* given.migrate()
      expect(yield* given.tables).toContain("a")
    })
  )

  const odd = {
    "a gap": [{ "0001_first.sql": "", "0003_third.sql": "" }, "gap 0003_third.sql"],
    "a first id that is not 1": [{ "0002_second.sql": "" }, "gap 0002_second.sql"],
    "two files of one id": [{ "0001_a.sql": "", "0001_b.sql": "" }, "duplicate 0001_b.sql"],
    "a name that is none": [{ "1-first.sql": "" }, "bad_name 1-first.sql"]
  } as const
  for (const [what, [files, expected]] of Object.entries(odd)) {
    scenario(`refuses ${what}`, ({ migrate, write }) =>
      Effect.gen(function* () {
        yield* write(files)
        expect(refusal(yield* Effect.flip(migrate()))).toBe(expected)
      })
    )
  }

  scenario("refuses another name for an id that was applied", ({ migrate, write }) =>
    Effect.gen(function* () {
      yield* write(first)
      yield* migrate()
      yield* write({ "0001_renamed.sql": "" })
      expect(refusal(yield* Effect.flip(migrate()))).toBe("renamed 0001_first")
    })
  )

  scenario("refuses an id below one that was applied", ({ migrate, sql, write }) =>
    Effect.gen(function* () {
      yield* write({ ...first, ...second })
      yield* migrate()
      yield* sql`delete from schema_migrations where id = 1`
      expect(refusal(yield* Effect.flip(migrate()))).toBe("out_of_order 0001_first")
    })
  )

  scenario("is content with a database that is ahead of this program", ({ migrate, write }) =>
    Effect.gen(function* () {
      yield* write({ ...first, ...second })
      yield* migrate()
      yield* write(first)
      expect(yield* migrate()).toEqual([])
      expect(yield* migrate("check")).toEqual([])
    })
  )
})

describe("checking", () => {
  scenario("names what is missing, exits 78, and changes nothing", ({ migrate, tables, write }) =>
    Effect.gen(function* () {
      yield* write({ ...first, ...second })
      const error = yield* Effect.flip(migrate("check"))
      if (!(error instanceof SchemaNotCurrent)) return expect.unreachable()
      expect(error.pending).toEqual(["0001_first", "0002_second"])
      expect(error[Runtime.errorExitCode]).toBe(78)
      expect(yield* tables).toEqual([])
      yield* migrate()
      expect(yield* migrate("check")).toEqual([])
    })
  )

  scenario("tells readiness when the schema is no longer current", ({ directory, sql, url, write }) =>
    Effect.gen(function* () {
      yield* write({ ...first, ...second })
      const layer = Migrations.layer({ url, directory, mode: "auto", onProgress: () => Effect.void })
      const migrations = yield* Effect.provide(
        Migrations,
        yield* Layer.build(Layer.provide(layer, Database.layer({ url })))
      )
      expect(yield* migrations.current).toBe(true)
      yield* sql`delete from schema_migrations where id = 2`
      expect(yield* migrations.current).toBe(false)
    }).pipe(Effect.scoped)
  )
})
