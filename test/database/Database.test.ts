import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { TestDatabase } from "./testDatabase.ts"

layer(TestDatabase.layer)("a call to the database", (it) => {
  it.effect("answers rows", () =>
    Effect.gen(function* () {
      const database = yield* Database
      const rows = yield* database.query("test.one", (sql) => sql<{ one: number }>`select 1 as one`)
      expect(rows).toEqual([{ one: 1 }])
      const tables = yield* database.transaction(
        "t",
        (sql) => sql<{ n: bigint }>`select count(*) as n from schema_migrations`
      )
      expect(tables[0]!.n > 0n).toBe(true)
    })
  )
})
