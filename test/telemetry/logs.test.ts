/** What a line says: what, where, when, who, how bad; and how much each part of the shop says. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Metric, Redacted, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as AccessLog from "../../src/telemetry/AccessLog.ts"
import { debug } from "../../src/telemetry/debug.ts"
import { type Level, LogLevels, type Module } from "../../src/telemetry/LogLevels.ts"
import { layer as logCounts } from "../../src/telemetry/logCounts.ts"
import * as Logs from "../../src/telemetry/Logs.ts"

/** The lines that a program writes. */
const linesOf = Effect.fnUntraced(function* <A, E>(program: Effect.Effect<A, E>, waiting = { writableLength: 0 }) {
  const written: Array<string> = []
  const outlet: Logs.Outlet = {
    get writableLength() {
      return waiting.writableLength
    },
    write: (line) => written.push(line)
  }
  yield* Effect.exit(program).pipe(Effect.provide(Logs.layer({ format: "json", level: "Info" }, outlet)))
  return written.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
})

describe("a line about a failure", () => {
  it.effect("says what, where, when, who and how bad, and what caused it", () =>
    Effect.gen(function* () {
      const charge = Effect.fn("Payments.charge")(function* () {
        yield* Effect.logError("not charged", { code: "internal_error", order_id: "ord_1" }).pipe(
          Effect.annotateLogs({ request_id: "req_1" })
        )
      })
      const trace = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16) })
      const [line] = yield* linesOf(charge().pipe(Effect.withTracerEnabled(false), Effect.withParentSpan(trace)))
      assert.deepStrictEqual(line, {
        timestamp: "1970-01-01T00:00:00.000Z",
        level: "ERROR",
        message: "not charged",
        request_id: "req_1",
        code: "internal_error",
        order_id: "ord_1",
        severity: "unexpected",
        operation: "Payments.charge",
        trace_id: trace.traceId,
        span_id: trace.spanId
      })
    })
  )

  it.effect("is expected, unexpected or critical by its level, unless it says so itself", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        Effect.gen(function* () {
          yield* Effect.logInfo("a")
          yield* Effect.logWarning("b")
          yield* Effect.logError("c", { severity: "critical" })
          yield* Effect.logFatal(
            "d",
            { token: Redacted.make("secret") },
            new Error("why", { cause: new Error("because") })
          )
        })
      )
      assert.deepStrictEqual(
        lines.map(({ severity }) => severity),
        [undefined, "expected", "critical", "critical"]
      )
      assert.strictEqual(lines[3]?.["token"], "<redacted>")
      assert.match(JSON.stringify(lines[3]), /why.*because/)
    })
  )
})

describe("a part of the shop", () => {
  const order = (module: Module, level: Level, until: number) =>
    Effect.map(LogLevels, (board) => board.set({ module, level, actor: "ada", reason: "why", since: 0, until }))
  const say = Effect.gen(function* () {
    yield* debug("payments", "asked", () => ({}))
    yield* debug("orders", "stepped", () => ({}))
    yield* Effect.logInfo("for everybody")
    yield* Effect.logInfo("of payments", { module: "payments" })
  })
  const messages = (program: Effect.Effect<unknown>) =>
    Effect.map(linesOf(program), (lines) => lines.map(({ message }) => message))

  it.effect("says no more than LOG_LEVEL allows, and what is not said is not even gathered", () =>
    Effect.gen(function* () {
      let gathered = 0
      const said = messages(
        Effect.andThen(
          debug("http", "x", () => ({ gathered: gathered++ })),
          say
        )
      )
      assert.deepStrictEqual(yield* said, ["for everybody", "of payments"])
      assert.strictEqual(gathered, 0)
    })
  )

  it.effect("says more when an operator wants it to, alone, and until that ends", () =>
    Effect.gen(function* () {
      const said = yield* messages(
        Effect.gen(function* () {
          yield* order("payments", "debug", 60_000)
          yield* say
          yield* TestClock.adjust("1 minute")
          yield* say
        })
      )
      assert.deepStrictEqual(said, ["asked", "for everybody", "of payments", "for everybody", "of payments"])
    })
  )

  it.effect("says less when an operator wants it to", () =>
    Effect.gen(function* () {
      const said = messages(Effect.andThen(order("payments", "error", 60_000), say))
      assert.deepStrictEqual(yield* said, ["for everybody"])
    })
  )
})

describe("lines by level", () => {
  it.effect("are counted as far as they are written", () =>
    Effect.gen(function* () {
      const counts = Effect.gen(function* () {
        yield* Effect.map(LogLevels, (board) =>
          board.set({ module: "jobs", level: "fatal", actor: "ada", reason: "why", since: 0, until: 60_000 })
        )
        yield* Effect.logInfo("a", { module: "payments" })
        yield* Effect.logError("b", { module: "jobs" })
        yield* Effect.logFatal("c", { module: "jobs" })
        yield* Effect.logDebug("d")
        const all = yield* Metric.snapshot
        return all.flatMap(({ attributes, id, state }) =>
          id === "holdfast_log_lines_total" ? [[attributes?.["level"], (state as { count: number }).count]] : []
        )
      }).pipe(Effect.provide(Layer.provideMerge(logCounts, Layer.succeed(Metric.MetricRegistry, new Map()))))
      let counted: ReadonlyArray<unknown> = []
      yield* linesOf(Effect.map(counts, (found) => void (counted = found)))
      assert.sameDeepMembers(
        [...counted],
        [
          ["FATAL", 1],
          ["ERROR", 0],
          ["WARN", 0],
          ["INFO", 1]
        ]
      )
    })
  )
})

describe("the access log", () => {
  const served = (status: number): AccessLog.Served => ({
    millis: 0,
    requestId: "req_1",
    traceId: "a".repeat(32),
    method: "GET",
    route: "/v1/products",
    status,
    durationMillis: 1.5,
    code: status < 400 ? undefined : "not_found"
  })
  const outletOf = () => {
    const texts: Array<string> = []
    return { texts, writableLength: 0, write: (text: string) => texts.push(text) }
  }

  it.effect("has a line for each request, written together, and the last ones when the shop stops", () =>
    Effect.gen(function* () {
      const outlet = outletOf()
      yield* Effect.gen(function* () {
        const tell = yield* AccessLog.AccessLog
        tell?.(served(200))
        tell?.(served(404))
        assert.deepStrictEqual(outlet.texts, [])
        yield* TestClock.adjust("1 second")
        assert.strictEqual(outlet.texts.length, 1)
        tell?.(served(200))
      }).pipe(Effect.provide(AccessLog.layer("json", outlet)))
      const lines = outlet.texts.join("").trim().split("\n")
      assert.strictEqual(lines.length, 3)
      assert.deepStrictEqual(JSON.parse(lines[1] ?? ""), {
        timestamp: DateTime.formatIso(DateTime.makeUnsafe(0)),
        level: "INFO",
        message: "request served",
        request_id: "req_1",
        trace_id: "a".repeat(32),
        method: "GET",
        route: "/v1/products",
        status: 404,
        duration_ms: 1.5,
        code: "not_found"
      })
    })
  )

  it.effect("for which the disk has no room says how many requests are missing", () =>
    Effect.gen(function* () {
      const outlet: Logs.Outlet = { writableLength: 0, write: (_text, done) => done(new Error("ENOSPC")) }
      const lines = yield* linesOf(
        Effect.gen(function* () {
          const tell = yield* AccessLog.AccessLog
          for (let n = 0; n < 3; n++) tell?.(served(200))
          yield* TestClock.adjust("1 second")
        }).pipe(Effect.provide(AccessLog.layer("json", outlet)))
      )
      assert.deepStrictEqual(
        lines.map(({ lines, message }) => [message, lines]),
        [["lines not written", 3]]
      )
    })
  )

  it.effect("that nobody reads costs no memory, and says how much is missing as soon as somebody does", () =>
    Effect.gen(function* () {
      const outlet = outletOf()
      outlet.writableLength = Logs.mostWaitingBytes
      const lines = yield* linesOf(
        Effect.gen(function* () {
          const tell = yield* AccessLog.AccessLog
          for (let n = 0; n < 100; n++) tell?.(served(200))
          yield* TestClock.adjust("1 second")
          outlet.writableLength = 0
          yield* TestClock.adjust("1 second")
        }).pipe(Effect.provide(AccessLog.layer("json", outlet))),
        outlet
      )
      assert.deepStrictEqual([outlet.texts, lines.length], [[], 1])
      assert.deepInclude(lines[0], { message: "lines not written", lines: 100, severity: "expected" })
    })
  )
})
