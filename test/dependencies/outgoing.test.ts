/** A request to a provider: whose trace it says it belongs to, and what is recorded of each attempt. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Fiber, Option, Tracer } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import { TestClock } from "effect/testing"
import { sendTo } from "../../src/dependencies/outgoing.ts"
import { paymentsPolicy } from "../../src/dependencies/payments/policy.ts"
import { Dependency, TransientFailure } from "../../src/resilience/index.ts"
import { AskedBy } from "../../src/telemetry/AskedBy.ts"
import { Recorder } from "../../src/telemetry/traces/Recorder.ts"
import type { RecordedSpan } from "../../src/telemetry/traces/RecordedSpan.ts"

/** Answers with these, one after the other. */
const provider = (statuses: ReadonlyArray<number>) => {
  const heard: Array<Readonly<Record<string, string>>> = []
  const client = HttpClient.make((request) =>
    Effect.sync(() => {
      const status = statuses[heard.length] ?? 200
      heard.push(request.headers)
      return HttpClientResponse.fromWeb(request, new Response("{}", { status }))
    })
  )
  return { heard, send: sendTo("payments", client) }
}

const ask = HttpClientRequest.get("https://provider.example/")

it.effect("without a collector it carries the caller's trace as it came, and the id of the request", () =>
  Effect.gen(function* () {
    const { heard, send } = provider([])
    const caller = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled: true })
    yield* send(ask).pipe(
      Effect.withSpan("unrecorded"),
      Effect.withTracerEnabled(false),
      Effect.withParentSpan(caller),
      Effect.provideService(AskedBy, "req_1"),
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
    )
    assert.strictEqual(heard[0]?.["traceparent"], `00-${caller.traceId}-${caller.spanId}-01`)
    assert.strictEqual(heard[0]?.["x-request-id"], "req_1")
    assert.isUndefined(heard[0]?.["b3"])
  })
)

it.effect("where nobody asked it carries neither", () =>
  Effect.gen(function* () {
    const { heard, send } = provider([])
    yield* send(ask).pipe(
      Effect.withTracerEnabled(false),
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
    )
    assert.notProperty(heard[0], "traceparent")
    assert.notProperty(heard[0], "x-request-id")
  })
)

it.effect(
  "each attempt is a span of its own below the call's, with what became of it, and the one that the provider hears of",
  () =>
    Effect.gen(function* () {
      const kept: Array<RecordedSpan> = []
      const recorder = new Recorder((span) => kept.push(span))
      const { heard, send } = provider([503, 200])
      const { end, span } = recorder.enter({
        name: "process orders",
        kind: "consumer",
        parent: Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16) }),
        startTime: 0n
      })
      const asking = Effect.gen(function* () {
        const dependency = yield* Dependency.make("asked", { ...paymentsPolicy, attempts: 2 })
        const attempt = Effect.filterOrFail(
          send(ask).pipe(Effect.mapError(() => new TransientFailure({ reason: "transport", sent: "maybe" }))),
          ({ status }) => status < 500,
          () => new TransientFailure({ reason: "status_503", sent: "no" })
        )
        return yield* Effect.withSpan(dependency.call(attempt, { kind: "read" }), "Payments.retrieve")
      }).pipe(
        Effect.scoped,
        Effect.provideContext(Context.make(Tracer.ParentSpan, span)),
        Effect.withTracer(recorder.tracer),
        Effect.provideService(HttpClient.TracerDisabledWhen, () => true)
      )
      const fiber = yield* Effect.forkChild(asking)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      end({ attributes: {}, endTime: 1n })

      const call = kept.find(({ name }) => name === "Payments.retrieve")
      const attempts = kept.filter(({ name }) => name === "GET payments")
      assert.deepStrictEqual(
        attempts.map((each) => [
          Option.getOrUndefined(each.parent)?.spanId,
          each.errorType,
          each.attributes.get("http.request.resend_count"),
          each.attributes.get("http.response.status_code")
        ]),
        [
          [call?.spanId, "503", undefined, 503],
          [call?.spanId, undefined, 1, 200]
        ]
      )
      assert.deepStrictEqual(
        heard.map((headers) => headers["traceparent"]),
        attempts.map(({ spanId, traceId }) => `00-${traceId}-${spanId}-01`)
      )
    })
)
