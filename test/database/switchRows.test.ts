/** Changes of one switch that meet in the database: the last decision wins, and each is written once. */
import { describe, expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { readSwitches, type SwitchChange, writeChange } from "../../src/database/switchRows.ts"
import { TestDatabase } from "./testDatabase.ts"

const order = { actor: "ada", reason: "drill" }

layer(TestDatabase.layer)((it) => {
  describe("changes of one switch", () => {
    it.effect("are won by the one that was decided later, whichever is stored first", () =>
      Effect.gen(function* () {
        const database = yield* Database
        const write = (id: string, actor: string, ageMillis: number, change: "set" | "clear" = "set") =>
          database.transaction("test.write", (sql) =>
            writeChange(
              sql,
              { id, target: "raced", kind: "off", change, ...order, actor, lastsMillis: undefined },
              ageMillis
            )
          )
        const standing = database
          .query("test.standing", readSwitches)
          .pipe(
            Effect.map((read) => read.standing.filter(({ target }) => target === "raced").map(({ actor }) => actor))
          )
        yield* write("00000000-0000-4000-8000-000000000001", "later", 1_000)
        yield* write("00000000-0000-4000-8000-000000000002", "earlier", 60_000)
        expect(yield* standing).toEqual(["later"])
        yield* write("00000000-0000-4000-8000-000000000003", "last", 0, "clear")
        yield* write("00000000-0000-4000-8000-000000000004", "late", 500)
        expect(yield* standing).toEqual([])
        const audited = yield* database.query(
          "test.audit",
          (sql) => sql<{ actor: string; effective: boolean }>`
            select actor, effective from kill_switch_audit where target = 'raced' order by change_id`
        )
        expect(audited.map(({ actor, effective }) => `${actor} ${effective}`)).toEqual([
          "later true",
          "earlier false",
          "last true",
          "late false"
        ])
      })
    )

    it.effect("are one change when one is sent twice", () =>
      Effect.gen(function* () {
        const database = yield* Database
        const id = "00000000-0000-4000-8000-000000000009"
        const change: SwitchChange = { id, target: "twice", kind: "off", change: "set", ...order, lastsMillis: 60_000 }
        const write = (age: number) => database.transaction("test.write", (sql) => writeChange(sql, change, age))
        expect([yield* write(1_000), yield* write(0)]).toEqual([true, false])
        const { standing } = yield* database.query("test.standing", readSwitches)
        const row = standing.find(({ target }) => target === "twice")
        expect(row).toMatchObject({ version: 1 })
        expect(row?.leftMillis).toBeLessThanOrEqual(59_000)
      })
    )
  })
})
