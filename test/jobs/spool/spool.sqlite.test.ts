/** The spool on the disk keeps the contract; and what only a disk has: owners, damage, what can be read there. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Runtime, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import { SpoolFile, spoolFiles } from "../../../src/jobs/spool/spoolFile.ts"
import { spoolLimits } from "../../../src/jobs/spool/spoolLimits.ts"
import { temporaryFolder } from "../../database/privateCluster.ts"
import { spoolContract } from "./contract.ts"
import { entry } from "./entries.ts"

const somewhere = Effect.map(temporaryFolder, (folder) => path.join(folder, "spool"))

spoolContract("on the disk", (limits) => Layer.unwrap(Effect.map(somewhere, (folder) => Spool.layer(folder, limits))))

/** A spool on this folder, and how to end it before the test does. */
const open = Effect.fnUntraced(function* (folder: string) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const context = yield* Layer.buildWithScope(Spool.layer(folder), scope)
  const spool = yield* Effect.provideContext(Spool, context)
  return { spool, close: Scope.close(scope, Exit.void) }
})

/** Something else writes into all of the spool's files. */
const overwritten = (folder: string) => {
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name)
    fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 7), { flag: "r+" })
  }
}

/** A process that puts, killed when it has been told of so many. Answers the ids that it was told of. Its log is beside. */
const killedWhilePutting = (folder: string, prefix: string, told: number) =>
  Effect.callback<ReadonlyArray<string>>((resume) => {
    const program = path.join(import.meta.dirname, "puttingProcess.ts")
    const child = spawn(process.execPath, [program, folder, prefix], { stdio: ["ignore", "pipe", "inherit"] })
    let said = ""
    const ids = () =>
      said
        .split("\n")
        .slice(0, -1)
        .filter((line) => line.startsWith(prefix))
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text
      if (ids().length >= told) child.kill("SIGKILL")
    })
    child.once("close", () => resume(Effect.succeed(ids())))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

describe("a spool whose process is killed", () => {
  it.live(
    "has every entry that was acknowledged, of two at once",
    () =>
      Effect.gen(function* () {
        const folder = yield* somewhere
        const nodes = ["one", "two"].map((prefix) => killedWhilePutting(folder, prefix, 300))
        const told = (yield* Effect.all(nodes, { concurrency: "unbounded" })).flat()
        assert.isAtLeast(told.length, 600)
        const { spool } = yield* open(folder)
        const there = new Set((yield* spool.oldest(spoolLimits.entries)).map(({ id }) => id))
        assert.deepStrictEqual(
          told.filter((id) => !there.has(id)),
          []
        )
      }),
    60_000
  )
})

describe("a spool's folder", () => {
  it.live("gives the next process what the last one left, as it was", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      const first = yield* open(folder)
      yield* first.spool.put(entry("left-1"))
      yield* first.spool.put(entry("left-2"))
      yield* first.close
      const second = yield* open(folder)
      assert.deepStrictEqual(yield* second.spool.oldest(5), [entry("left-1"), entry("left-2")])
      assert.deepStrictEqual(
        fs.readdirSync(folder).filter((name) => name.endsWith(".db")),
        ["spool-1.db"]
      )
    })
  )

  it.live("gives each process a file of its own, and whoever comes next what an ended one left", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      const [one, two] = [yield* open(folder), yield* open(folder)]
      yield* one.spool.put(entry("of-one"))
      yield* two.spool.put(entry("of-two"))
      // Both nodes took another wish under one key while they could not talk: both were promised an answer.
      yield* one.spool.put(entry("wish-1", { account: "usr_x", key: "x" }))
      yield* two.spool.put(entry("wish-2", { account: "usr_x", key: "x" }))
      assert.deepStrictEqual(yield* two.spool.find("of-one"), Option.none())
      yield* one.close
      yield* two.close
      const next = yield* open(folder)
      const ids = (yield* next.spool.oldest(9)).map(({ id }) => id)
      assert.deepStrictEqual(ids.sort(), ["of-one", "of-two", "wish-1", "wish-2"])
      yield* next.close
      const again = yield* open(folder)
      assert.strictEqual((yield* again.spool.snapshot).depth, 4)
    })
  )

  it.live("has a file for each of those that start together", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      const nodes = yield* Effect.all(
        Array.from({ length: 4 }, () => open(folder)),
        { concurrency: "unbounded" }
      )
      yield* Effect.forEach(nodes, ({ spool }, n) => spool.put(entry(`of-${n}`)), { concurrency: "unbounded" })
      const depths = yield* Effect.forEach(nodes, ({ spool }) => Effect.map(spool.snapshot, ({ depth }) => depth))
      assert.deepStrictEqual(depths, [1, 1, 1, 1])
    })
  )

  it.live("has one for a node that looked at it before others took theirs", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      fs.mkdirSync(folder)
      const seen = spoolFiles(folder)
      yield* Effect.forEach([1, 2, 3], () => open(folder))
      const tried = seen.slice(0, 4).map((name) => SpoolFile.open(folder, name))
      for (const opened of tried) if (opened._tag === "Opened") opened.file.close()
      assert.deepStrictEqual(
        tried.map(({ _tag }) => _tag),
        ["Owned", "Owned", "Owned", "Opened"]
      )
    })
  )

  it.live("can be read by its owner only, and keeps nothing of what was removed", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      const { spool } = yield* open(folder)
      const text = () =>
        fs
          .readdirSync(folder)
          .map((name) => fs.readFileSync(path.join(folder, name), "latin1"))
          .join()
      yield* spool.put(entry("secret", { payload: { email: "kanarienvogel@example.com" } }))
      assert.include(text(), "kanarienvogel")
      yield* spool.remove("secret")
      assert.notInclude(text(), "kanarienvogel")
      assert.strictEqual(fs.statSync(folder).mode & 0o777, 0o700)
      for (const name of fs.readdirSync(folder)) {
        assert.strictEqual(fs.statSync(path.join(folder, name)).mode & 0o777, 0o600, name)
      }
    })
  )

  it.live("with a damaged file keeps the node from starting, and the file as it is", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      const first = yield* open(folder)
      for (let n = 0; n < 50; n += 1) yield* first.spool.put(entry(`many-${n}`))
      yield* first.close
      const file = path.join(folder, "spool-1.db")
      const bytes = fs.readFileSync(file)
      bytes.fill(7, 4_096 + 100, 3 * 4_096)
      fs.writeFileSync(file, bytes)
      const refused = yield* Effect.flip(Effect.scoped(Layer.build(Spool.layer(folder))))
      assert.deepInclude(refused, { _tag: "SpoolRefused", reason: "corrupt", file: "spool-1.db", category: "fatal" })
      assert.strictEqual(refused[Runtime.errorExitCode], 70)
      assert.include(refused.message, "spool-1.db")
      assert.isTrue(fs.existsSync(file))
    })
  )

  it.effect("with a file that is damaged while it is in use takes nothing more, and says which one it is", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      const { spool } = yield* open(folder)
      for (let n = 0; n < 50; n += 1) yield* spool.put(entry(`many-${n}`))
      const damage = yield* Effect.forkChild(Effect.flip(spool.damage))
      overwritten(folder)
      yield* TestClock.adjust("13 seconds")
      const said = yield* Fiber.join(damage)
      assert.deepInclude(said, { _tag: "SpoolRefused", reason: "corrupt", file: "spool-1.db", category: "fatal" })
      assert.strictEqual(said[Runtime.errorExitCode], 70)
      assert.deepInclude(yield* Effect.flip(spool.put(entry("too-late"))), { reason: "corrupt" })
      assert.isFalse((yield* spool.snapshot).usable)
    })
  )

  it.live("that cannot be written keeps the node from starting", () =>
    Effect.gen(function* () {
      const folder = yield* somewhere
      fs.writeFileSync(folder, "a file where a folder should be")
      const refused = yield* Effect.flip(Effect.scoped(Layer.build(Spool.layer(folder, spoolLimits))))
      assert.deepInclude(refused, { reason: "unwritable" })
      assert.strictEqual(refused[Runtime.errorExitCode], 78)
    })
  )
})
