/**
 * What a sandbox provider has promised, on disk: JSON lines, and beside them a readable projection of the same.
 *
 * One line is one promise, so a promise is whole or absent. `write` takes its place in the order when it is called and
 * returns once the line is on the disk (fsync) and its projection too; calls made meanwhile share one fsync. A torn
 * last line (killed while writing) is cut off when the journal is opened, and the projection is made anew.
 * After a failed write nothing is answered any more: `broken` fails, and the process has to end.
 */
import { Deferred, Effect, FileSystem, Queue, Schema } from "effect"
import type { Scope } from "effect"
import { JournalDamaged, JournalUnwritable } from "./errors.ts"

export interface Journal<A> {
  /** Everything promised before it was opened, oldest first. */
  readonly records: ReadonlyArray<A>
  /** Takes its place in the order at the call itself; the effect waits for the disk. */
  readonly write: (record: A) => Effect.Effect<void>
  /** Waits until everything written so far is on the disk. */
  readonly settled: Effect.Effect<void>
  readonly broken: Effect.Effect<never, JournalUnwritable>
}

export interface JournalOptions<A> {
  readonly file: string
  readonly record: Schema.Codec<A, unknown>
  readonly projection: { readonly file: string; readonly lines: (record: A) => ReadonlyArray<string> }
}

const bytes = (lines: ReadonlyArray<string>) => new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))
const unwritable = Effect.mapError((cause: unknown) => new JournalUnwritable({ cause }))

export const openJournal = Effect.fnUntraced(function* <A>(
  options: JournalOptions<A>
): Effect.fn.Return<Journal<A>, JournalDamaged | JournalUnwritable, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const { file, projection } = options
  const codec = Schema.fromJsonString(options.record)
  const encode = Schema.encodeEffect(codec)
  const lines = yield* wholeLines(fs, file).pipe(unwritable)
  const decode = Schema.decodeUnknownEffect(codec)
  const records = yield* Effect.forEach(lines, (line, index) =>
    decode(line).pipe(Effect.mapError(() => new JournalDamaged({ line: index + 1 })))
  )
  yield* replace(fs, projection.file, records.flatMap(projection.lines)).pipe(unwritable)
  const journal = yield* fs.open(file, { flag: "a", mode: 0o600 }).pipe(unwritable)
  const readable = yield* fs.open(projection.file, { flag: "a", mode: 0o600 }).pipe(unwritable)

  const queue = yield* Queue.unbounded<{ readonly record: A; readonly durable: Deferred.Deferred<void> }>()
  const failed = yield* Deferred.make<never, JournalUnwritable>()
  let last = Effect.void
  const storeNext = Effect.gen(function* () {
    const batch = yield* Queue.takeAll(queue)
    yield* journal.writeAll(bytes(yield* Effect.forEach(batch, ({ record }) => encode(record))))
    yield* journal.sync
    const shown = batch.flatMap(({ record }) => projection.lines(record))
    if (shown.length > 0) {
      yield* readable.writeAll(bytes(shown))
      yield* readable.sync
    }
    for (const { durable } of batch) yield* Deferred.succeed(durable, undefined)
  })
  yield* storeNext.pipe(
    Effect.forever,
    Effect.catch((cause) => Deferred.fail(failed, new JournalUnwritable({ cause }))),
    Effect.forkScoped
  )
  return {
    records,
    write: (record) => {
      const durable = Deferred.makeUnsafe<void>()
      last = Deferred.await(durable)
      Queue.offerUnsafe(queue, { record, durable })
      return last
    },
    settled: Effect.suspend(() => last),
    broken: Deferred.await(failed)
  }
})

/** A torn last line is cut off, so that the next write starts on a line of its own. */
const wholeLines = Effect.fnUntraced(function* (fs: FileSystem.FileSystem, file: string) {
  if (!(yield* fs.exists(file))) return []
  const text = yield* fs.readFileString(file)
  const end = text.lastIndexOf("\n") + 1
  if (end < text.length) yield* fs.truncate(file, Buffer.byteLength(text.slice(0, end)))
  return text.slice(0, end).split("\n").slice(0, -1)
})

const replace = Effect.fnUntraced(function* (fs: FileSystem.FileSystem, file: string, lines: ReadonlyArray<string>) {
  const next = `${file}.next`
  yield* fs.writeFile(next, bytes(lines), { mode: 0o600 })
  yield* fs.rename(next, file)
})
