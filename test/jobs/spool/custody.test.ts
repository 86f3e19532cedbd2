/** What whoever hands a write in is told, when it is kept and when it is not. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Duration, Effect, Layer, Tracer } from "effect"
import { DatabaseUnavailable } from "../../../src/database/errors.ts"
import { Jobs } from "../../../src/jobs/Jobs.ts"
import { deferredQueue } from "../../../src/jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../../src/jobs/spool/DeferredWrites.ts"
import { makeHandover } from "../../../src/jobs/spool/handover.ts"
import { AskedBy } from "../../../src/telemetry/AskedBy.ts"
import { makeCustody } from "../../../src/jobs/spool/custody.ts"
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import { entry } from "./entries.ts"

const away = new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 5 })
const keep = (id: string, { formerId, key = "the-key" }: { readonly formerId?: string; readonly key?: string } = {}) =>
  Effect.flatMap(makeCustody, (custody) =>
    custody({ ...entry(id, { account: "usr_one", key }), formerId }, away, () => "another wish")
  )

layer(Spool.layerMemory)("a write that is kept", (it) => {
  it.effect("is kept once, for the hour that begins now, and its key stands for nothing else", () =>
    Effect.gen(function* () {
      const { deferred, replayed } = yield* keep("one")
      assert.deepInclude(deferred, { id: "one", kind: "order", account: "usr_one", outcome: undefined })
      assert.deepStrictEqual(deferred.acceptedAt, yield* DateTime.now)
      assert.deepStrictEqual(DateTime.distance(deferred.acceptedAt, deferred.acceptUntil), Duration.hours(1))
      assert.deepStrictEqual([replayed, (yield* keep("one")).replayed], [false, true])
      assert.strictEqual(yield* Effect.flip(keep("two")), "another wish")
    })
  )

  it.effect("is the one that was kept under the id that it had by an earlier secret", () =>
    Effect.gen(function* () {
      yield* keep("by-the-old", { key: "rotated" })
      const { deferred, replayed } = yield* keep("by-the-new", { key: "rotated", formerId: "by-the-old" })
      assert.deepStrictEqual([deferred.id, replayed], ["by-the-old", true])
    })
  )
})

const queue = DeferredWrites.layerMemory.pipe(
  Layer.provideMerge(Jobs.layerMemory),
  Layer.provideMerge(Spool.layerMemory)
)
layer(queue)("a write that is handed over", (it) => {
  it.effect("goes on with the trace of the request that handed it in, and says which request that was", () =>
    Effect.gen(function* () {
      const trace = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true })
      yield* keep("traced").pipe(
        Effect.provideService(AskedBy, "req_1"),
        Effect.withTracerEnabled(false),
        Effect.withParentSpan(trace)
      )
      yield* Effect.withTracerEnabled(Effect.flatten(makeHandover), false)
      const [job] = yield* (yield* Jobs).claim(deferredQueue, 1)
      assert.deepInclude(job, {
        key: "traced",
        traceparent: `00-${trace.traceId}-${trace.spanId}-01`,
        requestId: "req_1"
      })
    })
  )
})

layer(Spool.layerOff)("a write that cannot be kept", (it) => {
  it.effect("fails with what made the spool necessary", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* Effect.flip(keep("one")), away)
    })
  )
})
