/** The journal of the sandbox's promises: whole lines or none, and one owner. */
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, FileSystem, PlatformError, Schema } from "effect"
import { TestClock } from "effect/testing"
import { ownFolder } from "../../src/sandbox/folderLock.ts"
import { openJournal } from "../../src/sandbox/journal.ts"

const Promised = Schema.Struct({ n: Schema.Int })
const temporaryFolder = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "holdfast-journal-" })
)
const opened = (folder: string) =>
  openJournal({
    file: `${folder}/journal.jsonl`,
    record: Promised,
    projection: { file: `${folder}/even.jsonl`, lines: ({ n }) => (n % 2 === 0 ? [`even ${n}`] : []) }
  })

layer(NodeServices.layer)("a journal", (it) => {
  it.effect("gives back what was written, in order, and its projection", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      yield* Effect.scoped(
        Effect.gen(function* () {
          const journal = yield* opened(folder)
          yield* Effect.forEach([1, 2, 3, 4], (n) => journal.write({ n }), { concurrency: "unbounded" })
        })
      )
      const again = yield* opened(folder)
      assert.deepStrictEqual(
        again.records.map(({ n }) => n),
        [1, 2, 3, 4]
      )
      assert.strictEqual(yield* fs.readFileString(`${folder}/even.jsonl`), "even 2\neven 4\n")
    })
  )

  it.effect("has a promise on the disk before it says so", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      const journal = yield* opened(folder)
      yield* journal.write({ n: 2 })
      assert.strictEqual(yield* fs.readFileString(`${folder}/journal.jsonl`), '{"n":2}\n')
      assert.strictEqual(yield* fs.readFileString(`${folder}/even.jsonl`), "even 2\n")
    })
  )

  it.effect("cuts off a line that was torn, and goes on after it", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      yield* fs.writeFileString(`${folder}/journal.jsonl`, '{"n":2}\n{"n":3}\n{"n"')
      const journal = yield* opened(folder)
      assert.deepStrictEqual(journal.records, [{ n: 2 }, { n: 3 }])
      yield* journal.write({ n: 4 })
      assert.strictEqual(yield* fs.readFileString(`${folder}/journal.jsonl`), '{"n":2}\n{"n":3}\n{"n":4}\n')
    })
  )

  it.effect("makes its projection anew when it was lost or is behind", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      yield* fs.writeFileString(`${folder}/journal.jsonl`, '{"n":2}\n{"n":4}\n')
      yield* fs.writeFileString(`${folder}/even.jsonl`, "even 2\n")
      yield* opened(folder)
      assert.strictEqual(yield* fs.readFileString(`${folder}/even.jsonl`), "even 2\neven 4\n")
    })
  )

  it.effect("that is damaged before its last line is refused, with the line's number", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      yield* fs.writeFileString(`${folder}/journal.jsonl`, '{"n":1}\n{"n":\n{"n":3}\n')
      const error = yield* Effect.flip(opened(folder))
      assert.strictEqual(error._tag, "JournalDamaged")
      if (error._tag === "JournalDamaged") assert.strictEqual(error.line, 2)
    })
  )

  it.effect("whose disk refuses a write is broken", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const folder = yield* temporaryFolder
      const full = PlatformError.systemError({ module: "FileSystem", method: "writeAll", _tag: "Unknown" })
      const onFullDisk: typeof fs.open = (path, options) =>
        Effect.map(fs.open(path, options), (file) =>
          Object.create(file, { writeAll: { value: () => Effect.fail(full) } })
        )
      const journal = yield* opened(folder).pipe(
        Effect.provideService(FileSystem.FileSystem, { ...fs, open: onFullDisk })
      )
      yield* Effect.forkChild(journal.write({ n: 1 }))
      const error = yield* Effect.flip(journal.broken)
      assert.strictEqual(error._tag, "JournalUnwritable")
    })
  )
})

layer(NodeServices.layer)("a folder", (it) => {
  it.effect("has one owner at a time: the second waits, and gives up after ten seconds", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* ownFolder(folder)
      const second = yield* Effect.forkChild(Effect.flip(ownFolder(folder)))
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual((yield* Fiber.join(second))._tag, "SandboxFolderInUse")
    })
  )

  it.effect("is had as soon as its owner is gone", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      yield* Effect.scoped(ownFolder(folder))
      yield* ownFolder(folder)
    })
  )
})
