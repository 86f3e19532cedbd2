/** A run of a job as a span: what is said of it, and which lines have its ids. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { type ClaimedJob, Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { runWorker } from "../../src/jobs/Worker.ts"
import * as Logs from "../../src/telemetry/Logs.ts"
import { Recorder } from "../../src/telemetry/traces/Recorder.ts"
import type { RecordedSpan } from "../../src/telemetry/traces/RecordedSpan.ts"
import { Tracing } from "../../src/telemetry/traces/Tracing.ts"

const queue = "work"
const request = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true })
/** Somebody asked for the job, and wants its trace kept. */
const add = (key: string) =>
  Effect.flatMap(Jobs, (jobs) => jobs.enqueue({ queue, key, payload: {} })).pipe(
    Effect.withTracerEnabled(false),
    Effect.withParentSpan(request)
  )
const work = (handle: (job: ClaimedJob) => Effect.Effect<Settlement>) =>
  Effect.forkScoped(runWorker({ queue, concurrency: 2, handle }))

/** A node with a collector, as a program sees it: its spans and its lines. */
const recording = () => {
  const spans: Array<RecordedSpan> = []
  const lines: Array<Readonly<Record<string, unknown>>> = []
  const recorder = new Recorder((span) => spans.push(span))
  const outlet: Logs.Outlet = {
    writableLength: 0,
    write: (line) => lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
  }
  const recorded = <A, E, R>(program: Effect.Effect<A, E, R>) =>
    program.pipe(
      Effect.provide(Jobs.layerMemory),
      Effect.provideService(Tracing, recorder),
      Effect.withTracer(recorder.tracer),
      Effect.provide(Logs.layer({ format: "json", level: "Debug" }, outlet))
    )
  return { lines, recorded, spans }
}

describe("a run of a job", () => {
  it.effect("is a span with its settlement, and what is said of its end has its ids", () => {
    const { lines, recorded, spans } = recording()
    return Effect.gen(function* () {
      yield* add("fine")
      yield* add("buggy")
      yield* work(({ key }) => (key === "fine" ? Effect.succeed(Settlement.done) : Effect.die(new Error("a bug"))))
      yield* TestClock.adjust("1 second")
      yield* Effect.repeat(Effect.yieldNow, { until: () => spans.length === 2 })
      const runs = new Map(spans.map((span) => [span.attributes.get("holdfast.job.key"), span]))
      const told = (key: string) => [runs.get(key)?.errorType, runs.get(key)?.attributes.get("holdfast.job.settlement")]
      assert.deepStrictEqual(
        [told("fine"), told("buggy")],
        [
          [undefined, "Done"],
          ["defect", undefined]
        ]
      )
      for (const [key, message] of [
        ["fine", "a job has run"],
        ["buggy", "job died"]
      ] as const) {
        const line = lines.find((one) => one["message"] === message && one["key"] === key)
        assert.deepInclude(line, { trace_id: request.traceId, span_id: runs.get(key)?.spanId })
      }
    }).pipe(recorded)
  })

  it.effect("that is interrupted, because its worker stops, is none that failed", () => {
    const { recorded, spans } = recording()
    return Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      yield* add("unfinished")
      const worker = yield* work(() => Effect.andThen(Deferred.succeed(started, undefined), Effect.never))
      yield* TestClock.adjust("1 second")
      yield* Deferred.await(started)
      yield* Fiber.interrupt(worker)
      assert.deepStrictEqual(
        spans.map(({ errorType, name }) => [name, errorType]),
        [["process work", undefined]]
      )
    }).pipe(recorded)
  })
})
