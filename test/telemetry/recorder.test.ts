/** What is kept of requests and jobs, and what is never in it. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Option, Tracer } from "effect"
import { mostSpansOfATrace, mostUndecidedSpans, Recorder, slowMillis } from "../../src/telemetry/traces/Recorder.ts"
import type { RecordedSpan } from "../../src/telemetry/traces/RecordedSpan.ts"
import { clientSpan } from "../../src/telemetry/traces/ownSpan.ts"
import { formatTraceparent, parseTraceparent, traceOf } from "../../src/telemetry/traces/traceContext.ts"
import type { Ending, Entry } from "../../src/telemetry/traces/Tracing.ts"

const lucky = "0".repeat(24) + "00000001"
const unlucky = "f".repeat(32)

const recording = () => {
  const kept: Array<RecordedSpan> = []
  const recorder = new Recorder((span) => kept.push(span))
  /** Enters, does something inside, and leaves. */
  const through = (
    entry: Partial<Entry>,
    ending: Partial<Ending> = {},
    inside: Effect.Effect<unknown, unknown> = Effect.withSpan(Effect.void, "inside")
  ) =>
    Effect.gen(function* () {
      const asked: Entry = {
        name: "GET",
        kind: "server",
        parent: undefined,
        freshTraceId: unlucky,
        startTime: 0n,
        ...entry
      }
      const { end, span } = recorder.enter(asked)
      yield* Effect.exit(
        Effect.provideContext(inside, Context.make(Tracer.ParentSpan, span)).pipe(Effect.withTracer(recorder.tracer))
      )
      end({ attributes: {}, endTime: 1n, ...ending })
      return span
    })
  return { kept, recorder, through, names: () => kept.map(({ name }) => name) }
}

const millis = (value: number) => BigInt(value) * 1_000_000n

describe("a trace is kept", () => {
  it.effect("for one request in ten, by its id, and left for the others", () =>
    Effect.gen(function* () {
      const { names, recorder, through } = recording()
      yield* through({ freshTraceId: unlucky })
      assert.deepStrictEqual(names(), [])
      yield* through({ freshTraceId: lucky })
      assert.deepStrictEqual(names(), ["inside", "GET"])
      assert.strictEqual(recorder.undecided, 0)
    })
  )

  it.effect("whenever it failed or was slow, with everything that was inside of it", () =>
    Effect.gen(function* () {
      const { kept, names, through } = recording()
      yield* through({}, { errorType: "internal_error", name: "GET /v1/products" })
      assert.deepStrictEqual(names(), ["inside", "GET /v1/products"])
      assert.strictEqual(kept[1]?.errorType, "internal_error")
      yield* through({}, { endTime: millis(slowMillis) })
      assert.strictEqual(kept.length, 2)
      yield* through({}, { endTime: millis(slowMillis) + 1n })
      assert.strictEqual(kept.length, 4)
    })
  )

  it.effect("when the caller says so, and goes on with the caller's", () =>
    Effect.gen(function* () {
      const { kept, through } = recording()
      const caller = Tracer.externalSpan({ traceId: unlucky, spanId: "a".repeat(16), sampled: true })
      yield* through({ parent: caller })
      assert.deepStrictEqual(
        kept.map(({ parent, traceId }) => [traceId, Option.getOrUndefined(parent)?.spanId]),
        [
          [unlucky, kept[1]?.spanId],
          [unlucky, caller.spanId]
        ]
      )
      yield* through({ parent: { ...caller, sampled: false } })
      assert.strictEqual(kept.length, 2)
    })
  )
})

describe("what is recorded", () => {
  it.effect("has the names of errors, and no library's spans, events or texts", () =>
    Effect.gen(function* () {
      const { kept, names, through } = recording()
      class Refused {
        readonly _tag = "Refused"
        readonly message = "ada@example.com"
      }
      const library = Effect.useSpan("shop@127.0.0.1", { kind: "client" }, (span) =>
        Effect.sync(() => {
          span.attribute("db.query.text", "select 1")
          span.event("commit", 0n)
        })
      )
      const statement = Effect.useSpan("orders.find", clientSpan, (span) =>
        Effect.withParentSpan(Effect.withSpan(library, "sql.transaction"), span)
      )
      const failing = Effect.withSpan(Effect.fail(new Refused()), "Orders.place")
      yield* through({ freshTraceId: lucky }, {}, Effect.andThen(statement, failing))
      assert.deepStrictEqual(names(), ["orders.find", "Orders.place", "GET"])
      assert.strictEqual(kept[1]?.errorType, "Refused")
      assert.isTrue(kept.every((span) => span.isSilent || span.attributes.size === 0))
    })
  )

  it.effect("is bounded: a long trace keeps its beginning and its root, and the rest is counted", () =>
    Effect.gen(function* () {
      const { kept, recorder, through } = recording()
      const many = Effect.forEach(Array.from({ length: mostSpansOfATrace + 5 }), () =>
        Effect.withSpan(Effect.void, "one")
      )
      yield* through({ freshTraceId: lucky }, {}, many)
      assert.deepStrictEqual([kept.length, recorder.left.long_trace], [mostSpansOfATrace, 6])
    })
  )

  it.effect("is bounded over all that is under way: beyond it, a request has its outermost span, and no more", () =>
    Effect.gen(function* () {
      const { names, recorder, through } = recording()
      const entry = { name: "GET", kind: "server", parent: undefined, freshTraceId: unlucky, startTime: 0n } as const
      const underWay = Array.from({ length: mostUndecidedSpans / mostSpansOfATrace }, () => recorder.enter(entry))
      const inside = Effect.replicateEffect(Effect.withSpan(Effect.void, "inside"), mostSpansOfATrace - 1)
      for (const { span } of underWay)
        yield* Effect.provideContext(inside, Context.make(Tracer.ParentSpan, span)).pipe(
          Effect.withTracer(recorder.tracer)
        )
      assert.strictEqual(recorder.undecided, mostUndecidedSpans)
      const nested = Effect.void.pipe(Effect.withSpan("innermost"), Effect.withSpan("inside"))
      yield* through({ freshTraceId: lucky }, {}, nested)
      assert.deepStrictEqual(names(), ["GET"])
      assert.deepStrictEqual(recorder.left, { undecided: 2, long_trace: 0 })
      assert.strictEqual(recorder.undecided, mostUndecidedSpans)
      for (const { end } of underWay) end({ attributes: {}, endTime: 1n })
      assert.strictEqual(recorder.undecided, 0)
      yield* through({ freshTraceId: lucky }, {}, nested)
      assert.deepStrictEqual(names(), ["GET", "innermost", "inside", "GET"])
    })
  )

  it.effect("is nothing of what belongs to no request and no job", () =>
    Effect.gen(function* () {
      const { kept, recorder } = recording()
      yield* Effect.withSpan(Effect.withSpan(Effect.void, "poll", clientSpan), "sweep").pipe(
        Effect.withTracer(recorder.tracer)
      )
      assert.deepStrictEqual([kept.length, recorder.undecided], [0, 0])
    })
  )
})

describe("a traceparent", () => {
  it("is read and written as W3C has it", () => {
    const header = `00-${lucky}-00f067aa0ba902b7-01`
    const read = parseTraceparent(header)
    assert.deepInclude(read, { traceId: lucky, spanId: "00f067aa0ba902b7", sampled: true })
    assert.strictEqual(read === undefined ? "" : formatTraceparent(read), header)
    assert.isFalse(parseTraceparent(`00-${lucky}-00f067aa0ba902b7-02`)?.sampled)
    // A later version may say more.
    assert.isDefined(parseTraceparent(`01-${lucky}-00f067aa0ba902b7-01-more`))
  })

  it.each([
    undefined,
    "",
    "zz",
    `00-${lucky}-00f067aa0ba902b7-01-more`,
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${lucky}-${"0".repeat(16)}-01`,
    `ff-${lucky}-00f067aa0ba902b7-01`,
    `00-${lucky.toUpperCase().replaceAll("0", "A")}-00f067aa0ba902b7-01`,
    `00-${lucky}-00f067aa0ba902b7-01`.padEnd(600, "x")
  ])("that is none is ignored: %s", (header) => assert.isUndefined(parseTraceparent(header)))

  it.effect("is that of the innermost span that has ids, also where nothing is recorded", () =>
    Effect.gen(function* () {
      const caller = Tracer.externalSpan({ traceId: lucky, spanId: "a".repeat(16) })
      const found = yield* Effect.withFiber((fiber) => Effect.succeed(traceOf(fiber))).pipe(
        Effect.withSpan("unrecorded"),
        Effect.withTracerEnabled(false),
        Effect.withParentSpan(caller)
      )
      assert.strictEqual(found, caller)
    })
  )
})
