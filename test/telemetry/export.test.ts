/** Telemetry on its way to a collector that is well, ill, slow or away: bounded, counted, and nobody's concern. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Metric, Option, Tracer } from "effect"
import { Outbox, outboxLimits } from "../../src/telemetry/otlp/Outbox.ts"
import * as Logs from "../../src/telemetry/Logs.ts"
import * as Telemetry from "../../src/telemetry/Telemetry.ts"
import { Tracing } from "../../src/telemetry/traces/Tracing.ts"
import { eventually } from "../eventually.ts"
import { collector, valueOf } from "./collector.ts"

const to = (endpoint: string) =>
  Layer.provideMerge(
    Telemetry.layer({ endpoint: Option.some(endpoint), role: "all" }),
    Logs.layer({ format: "json", level: "Info" }, { writableLength: Number.MAX_SAFE_INTEGER, write: () => undefined })
  )

/** Requests that fail, so that all of them are kept. */
const requests = (count: number) =>
  Effect.gen(function* () {
    const { enter } = yield* Tracing
    for (let n = 0; n < count; n++) {
      const { end, span } = enter({ name: "GET", kind: "server", parent: undefined, startTime: 0n })
      yield* Effect.provideContext(Effect.withSpan(Effect.void, "inside"), Context.make(Tracer.ParentSpan, span))
      end({ attributes: { n }, endTime: 1n, errorType: "internal_error" })
    }
  })

const reading = (name: string, attributes: Readonly<Record<string, string>>) =>
  Effect.map(Metric.snapshot, (all) => {
    const found = all.find(
      (each) => each.id === name && Object.entries(attributes).every(([key, value]) => each.attributes?.[key] === value)
    )
    const state = found?.state as { readonly count?: number; readonly value?: number } | undefined
    return state?.count ?? state?.value ?? 0
  })

const until = (holds: () => boolean) => eventually(Effect.sync(holds), (now) => now, { within: "15 seconds" })

describe("the collector", () => {
  it.live("gets traces, logs with the ids of their trace, and metrics, and the last of it when the shop stops", () =>
    Effect.gen(function* () {
      const { lines, metrics, spans, url } = yield* collector
      const traced = Effect.gen(function* () {
        yield* requests(3)
        const { enter } = yield* Tracing
        const { span } = enter({ name: "GET", kind: "server", parent: undefined, startTime: 0n })
        yield* Effect.logWarning("something happened", { code: "x", email: "ada@example.com" }).pipe(
          Effect.provideContext(Context.make(Tracer.ParentSpan, span))
        )
        return span
      })
      const span = yield* Effect.provide(traced, to(url))
      assert.deepStrictEqual(
        spans().map(({ name }) => name),
        ["inside", "GET", "inside", "GET", "inside", "GET"]
      )
      assert.deepStrictEqual(
        spans().flatMap((each) => (each.name === "GET" ? [valueOf(each, "error.type")] : [])),
        ["internal_error", "internal_error", "internal_error"]
      )
      const [line] = lines()
      assert.deepInclude(line, { severityText: "WARN", traceId: span.traceId, spanId: span.spanId })
      assert.strictEqual(line === undefined ? "" : valueOf(line, "email"), "<redacted>")
      assert.isAbove(metrics().length, 0)
    })
  )

  it.live(
    "is away for many thousand spans: memory is bounded, drops are counted; then it is back and gets the rest",
    () =>
      Effect.gen(function* () {
        const { asked, illness, spans, url } = yield* collector
        illness.status = 503
        yield* Effect.gen(function* () {
          yield* requests(outboxLimits.entries)
          assert.strictEqual(
            yield* reading("holdfast_telemetry_dropped_total", { signal: "traces", reason: "full" }),
            outboxLimits.entries
          )
          assert.strictEqual(yield* reading("holdfast_telemetry_waiting", { signal: "traces" }), outboxLimits.entries)
          yield* until(() => asked.includes("/v1/traces"))
          assert.strictEqual(spans().length, 0)
          delete illness.status
          yield* until(() => spans().length === outboxLimits.entries)
          yield* requests(1)
          yield* until(() => spans().length === outboxLimits.entries + 2)
        }).pipe(Effect.provide(to(url)))
      })
  )

  it.live("that refuses for good gets nothing twice", () =>
    Effect.gen(function* () {
      const { asked, illness, url } = yield* collector
      illness.status = 400
      yield* Effect.gen(function* () {
        yield* requests(1)
        yield* until(() => asked.includes("/v1/traces"))
        yield* eventually(
          reading("holdfast_telemetry_dropped_total", { signal: "traces", reason: "refused" }),
          (refused) => refused === 2,
          { within: "15 seconds" }
        )
        assert.strictEqual(yield* reading("holdfast_telemetry_waiting", { signal: "traces" }), 0)
      }).pipe(Effect.provide(to(url)))
    })
  )

  it.live("that never answers does not keep the shop from stopping", () =>
    Effect.gen(function* () {
      const { illness, url } = yield* collector
      illness.hang = true
      const began = performance.now()
      yield* Effect.provide(requests(10), to(url))
      // Two seconds are the bound; the rest is for a loaded machine.
      assert.isBelow(performance.now() - began, 5_000)
    })
  )
})

describe("an outbox", () => {
  it("hands over what fits into a batch, the oldest first, and forgets it when it is settled", () => {
    const outbox = new Outbox({ entries: 3, bytes: 100, batchEntries: 2, batchBytes: 10, keeps: "oldest" })
    for (const each of ["one", "two", "three"]) if (outbox.hasRoom()) outbox.put(each)
    assert.isFalse(outbox.hasRoom())
    assert.deepStrictEqual([outbox.next(), outbox.dropped.full], [["one", "two"], 1])
    outbox.settle(2, "exported")
    assert.deepStrictEqual([outbox.next(), outbox.bytes, outbox.exported], [["three"], 5, 2])
    outbox.settle(1, "refused")
    assert.deepStrictEqual([outbox.next(), outbox.bytes, outbox.dropped.refused], [[], 0, 1])
  })

  it("is full by its bytes, too, and an entry that is larger than a batch goes alone", () => {
    const outbox = new Outbox({ entries: 10, bytes: 20, batchEntries: 5, batchBytes: 4, keeps: "oldest" })
    outbox.put("x".repeat(20))
    assert.isFalse(outbox.hasRoom())
    assert.strictEqual(outbox.next().length, 1)
  })

  it("of which the newest says it all forgets the oldest for it, and counts it", () => {
    const outbox = new Outbox({ entries: 2, bytes: 100, batchEntries: 1, batchBytes: 1, keeps: "newest" })
    const offer = (each: string) => outbox.hasRoom() && outbox.put(each)
    for (const each of ["one", "two", "three"]) offer(each)
    assert.deepStrictEqual([outbox.next(), outbox.bytes, outbox.dropped.full], [["two"], 8, 1])
    // Behind one that is being sent.
    offer("four")
    outbox.settle(1, "exported")
    assert.deepStrictEqual([outbox.next(), outbox.entries, outbox.exported, outbox.dropped.full], [["four"], 1, 1, 2])
  })
})
