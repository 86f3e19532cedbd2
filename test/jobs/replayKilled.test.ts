/** A replay of 10,000 dead letters whose worker is killed half-way: it goes on where it was, each item once. */
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { Database } from "../../src/database/Database.ts"
import { DeadLetters } from "../../src/jobs/DeadLetters.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { TestDatabase, TestDatabaseUrl } from "../database/testDatabase.ts"

const letters = 10_000
/** What the process holds at most: 20 that run and 180 that wait. */
const held = 200

const start = Effect.fnUntraced(function* (file: string, ...howMany: ReadonlyArray<number>) {
  const url = Redacted.value(yield* TestDatabaseUrl)
  const program = path.join(import.meta.dirname, "replayingProcess.ts")
  return yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [program, url, file, ...howMany.map(String)], { stdio: ["ignore", "ignore", "inherit"] })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
})

const killed = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    child.once("exit", (code, signal) =>
      resume(signal === "SIGKILL" ? Effect.void : Effect.die(new Error(`it ended by ${signal ?? code}`)))
    )
  })

const ranIn = (file: string) => fs.readFileSync(file, "utf8").trim().split("\n")

layer(DeadLetters.layer.pipe(Layer.provideMerge(Jobs.layer), Layer.provideMerge(TestDatabase.layer)), {
  excludeTestServices: true
})("a replay of 10,000 dead letters", (it) => {
  it.effect(
    "goes on after its worker was killed half-way, and ends with each item once",
    () =>
      Effect.gen(function* () {
        const [dead, database] = [yield* DeadLetters, yield* Database]
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-replay-"))),
          (made) => Effect.sync(() => fs.rmSync(made, { recursive: true }))
        )
        const file = path.join(folder, "ran")
        yield* database.query(
          "test",
          (sql) => sql`
            insert into jobs (queue, key, payload, state, last_error, first_failed_at, last_failed_at, attempts)
            select 'bulk', 'key-' || n, '{}', 'dead', '{"code":"Gone","category":"permanent"}', now(), now(), 3
            from generate_series(1, ${letters}) as n`
        )
        const by = { actor: "ada", reason: "the provider is back" }
        const { id, items } = yield* dead.replay({ queue: "bulk" }, by, 5_000)
        assert.strictEqual(items, letters)

        yield* killed(yield* start(file, letters / 2))
        const halfWay = yield* dead.replayed(id)
        assert.isBelow(halfWay.results.done, letters)
        assert.isAbove(halfWay.results.released + halfWay.results.waiting, 0)
        // Its leases would end by themselves after 15 s.
        yield* database.query("test", (sql) => sql`update jobs set lease_until = now() where state = 'running'`)

        yield* start(file)
        const whole = yield* Effect.repeat(Effect.delay(dead.replayed(id), "100 millis"), {
          until: ({ results }) => results.waiting + results.released === 0
        })
        assert.deepStrictEqual(whole.results, { waiting: 0, released: 0, done: letters, dead: 0, skipped: 0 })
        const [row] = yield* database.query(
          "test",
          (sql) => sql`select min(replays)::int as least, max(replays)::int as most from jobs where queue = 'bulk'`
        )
        assert.deepStrictEqual(row, { least: 1, most: 1 })
        const ran = ranIn(file)
        assert.strictEqual(new Set(ran).size, letters)
        // Only what the killed process held, and had not settled, may have run a second time.
        assert.isAtMost(ran.length - letters, held)
      }),
    60_000
  )
})
