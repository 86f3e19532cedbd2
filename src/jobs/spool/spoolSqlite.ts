/**
 * The spool on the disk: asks its thread, and remembers what the thread last said of itself.
 *
 * The thread lives as long as the scope. Every ten seconds it looks for what dead processes have left in the folder,
 * whether the disk takes a write, and whether the file is whole. A caller that is interrupted leaves its write behind, which then happens all the same.
 */
import { Worker } from "node:worker_threads"
import { Clock, DateTime, Deferred, Effect, Metric, Option, Schedule } from "effect"
import { registerReadings } from "../../telemetry/readings.ts"
import { rowBytes, toEntry, toRow } from "./entryText.ts"
import { SpoolFull, SpoolRefused, SpoolUnavailable } from "./errors.ts"
import type { Entry, Put, Spool } from "./Spool.ts"
import type { Held } from "./spoolFile.ts"
import type { SpoolLimits } from "./spoolLimits.ts"
import type { AnswerTo, Ask, FromThread, Looked, ThreadOptions } from "./spoolMessages.ts"

/** A disk that takes longer is of no use to a request with a deadline of five. */
const answersWithin = "2 seconds"
/** Reading the file through once, at most 32 MB, on a disk that is busy. */
const opensWithin = "20 seconds"
const looks = Schedule.spaced("10 seconds").pipe(Schedule.jittered)

const refusals = Metric.counter("holdfast_spool_refused_total", {
  description: "Writes that the spool did not take, by reason",
  incremental: true
})

type Answer = Deferred.Deferred<AnswerTo[Ask["_tag"]], SpoolUnavailable>

export const makeSpoolSqlite = Effect.fnUntraced(function* (folder: string, limits: SpoolLimits) {
  const opened = yield* Deferred.make<Looked, SpoolRefused>()
  const damage = yield* Deferred.make<never, SpoolRefused>()
  const asked = new Map<number, Answer>()
  let seq = 0
  let file = ""
  let stopped = false
  let writes = true
  let held: Held = { entries: 0, bytes: 0, oldestAt: undefined }

  const settle = (message: Extract<FromThread, { readonly seq: number }>) => {
    const waiting = asked.get(message.seq)
    asked.delete(message.seq)
    writes = message._tag === "Answer"
    if (message._tag === "Answer") held = message.held
    else if (message.reason === "corrupt") {
      Deferred.doneUnsafe(damage, Effect.fail(new SpoolRefused({ reason: "corrupt", file })))
    }
    if (waiting === undefined) return
    Deferred.doneUnsafe(
      waiting,
      message._tag === "Answer"
        ? Effect.succeed(message.value)
        : Effect.fail(new SpoolUnavailable({ reason: message.reason }))
    )
  }
  const heard = (message: FromThread) => {
    if (message._tag === "Opened") {
      held = message.held
      file = message.file
      Deferred.doneUnsafe(opened, Effect.succeed(message.looked))
    } else if (message._tag === "Refused") {
      Deferred.doneUnsafe(opened, Effect.fail(new SpoolRefused({ reason: message.reason, file: message.file })))
    } else settle(message)
  }
  const ended = () => {
    stopped = true
    Deferred.doneUnsafe(opened, Effect.fail(new SpoolRefused({ reason: "unwritable", file: "" })))
    for (const waiting of asked.values()) {
      Deferred.doneUnsafe(waiting, Effect.fail(new SpoolUnavailable({ reason: "stopped" })))
    }
    asked.clear()
  }

  const thread = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const workerData: ThreadOptions = { folder, limits }
      const worker = new Worker(new URL("./spoolThread.ts", import.meta.url), { workerData })
      return worker.on("message", heard).on("error", ended).on("exit", ended)
    }),
    // The thread closes its file when it ends, and the operating system drops its lock if it does not.
    (worker) => Effect.promise(() => worker.terminate()).pipe(Effect.timeoutOption(answersWithin))
  )

  const ask = <Tag extends Ask["_tag"]>(
    message: Extract<Ask, { readonly _tag: Tag }>
  ): Effect.Effect<AnswerTo[Tag], SpoolUnavailable> =>
    Effect.suspend(() => {
      if (stopped) return Effect.fail(new SpoolUnavailable({ reason: "stopped" }))
      // Parts of it may still take a write: what is in there is nothing to promise anybody.
      if (Deferred.isDoneUnsafe(damage)) return Effect.fail(new SpoolUnavailable({ reason: "corrupt" }))
      const answer: Answer = Deferred.makeUnsafe()
      seq += 1
      asked.set(seq, answer)
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      thread.postMessage({ ...message, seq })
      // What is answered to a message has the message's tag.
      return Deferred.await(answer) as Effect.Effect<AnswerTo[Tag], SpoolUnavailable>
    }).pipe(
      Effect.timeoutOrElse({
        duration: answersWithin,
        orElse: () => Effect.fail(new SpoolUnavailable({ reason: "no_answer" }))
      })
    )

  const told = new Set<string>()
  const looked = ({ adopted, corrupt }: Looked) =>
    Effect.gen(function* () {
      if (adopted > 0) yield* Effect.logWarning("the spool took over what another process left", { entries: adopted })
      for (const file of corrupt) {
        if (told.has(file)) continue
        told.add(file)
        yield* Effect.logFatal("a file of the spool is damaged", { severity: "critical", code: "SpoolCorrupt", file })
      }
    })
  yield* Deferred.await(opened).pipe(
    Effect.timeoutOrElse({
      duration: opensWithin,
      orElse: () => Effect.fail(new SpoolRefused({ reason: "unwritable", file: "" }))
    }),
    Effect.tap(looked)
  )
  yield* ask({ _tag: "Look" }).pipe(
    Effect.flatMap(looked),
    Effect.catch(({ _tag: code, reason }) => Effect.logError("the spool cannot be written", { code, reason })),
    Effect.repeat(looks),
    Effect.delay("10 seconds"),
    Effect.forkScoped
  )

  const put = Effect.fn("Spool.put")(
    function* (entry: Entry): Effect.fn.Return<Put, SpoolFull | SpoolUnavailable> {
      const row = toRow(entry)
      const answer = yield* ask({ _tag: "Put", row, bytes: rowBytes(row) })
      if (answer._tag === "Full") return yield* new SpoolFull({ limit: answer.limit })
      if (answer._tag === "KeyTaken") return answer
      return { _tag: "Kept", entry: toEntry(answer.row), replayed: answer.replayed }
    },
    Effect.tapError((error) =>
      Metric.update(Metric.withAttributes(refusals, { reason: "limit" in error ? error.limit : error.reason }), 1)
    )
  )
  const find = Effect.fn("Spool.find")(function* (id: string) {
    return Option.map(Option.fromUndefinedOr(yield* ask({ _tag: "Find", id })), toEntry)
  })
  const oldest = Effect.fn("Spool.oldest")(function* (limit: number) {
    return (yield* ask({ _tag: "Oldest", limit })).map(toEntry)
  })
  const remove = Effect.fn("Spool.remove")(function* (id: string) {
    yield* ask({ _tag: "Remove", id })
  })
  const clock = yield* Clock.Clock
  yield* registerReadings([
    {
      type: "gauge",
      name: "holdfast_spool_entries",
      description: "Writes that wait on this node's disk",
      read: () => held.entries
    },
    { type: "gauge", name: "holdfast_spool_bytes", description: "What they take there", read: () => held.bytes },
    {
      type: "gauge",
      name: "holdfast_spool_oldest_seconds",
      description: "How long the oldest of them has waited; zero when there is none",
      read: () => (held.oldestAt === undefined ? 0 : (clock.currentTimeMillisUnsafe() - held.oldestAt) / 1000)
    }
  ])

  const snapshot = Effect.sync(() => ({
    usable:
      !stopped &&
      writes &&
      !Deferred.isDoneUnsafe(damage) &&
      held.entries < limits.entries &&
      held.bytes < limits.bytes,
    depth: held.entries,
    bytes: held.bytes,
    oldestAt: held.oldestAt === undefined ? undefined : DateTime.makeUnsafe(held.oldestAt)
  }))
  return { put, find, oldest, remove, snapshot, damage: Deferred.await(damage) } satisfies Spool["Service"]
})
