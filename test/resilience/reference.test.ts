/**
 * Holds the fused path against the reference made of plain combinators, over random histories.
 *
 * Both run the same history on a TestClock of their own; what every call answers and when, every attempt and when it
 * started, and what is left at the end must be equal. A failure prints the seed of its history.
 * RESILIENCE_SEED and RESILIENCE_RUNS choose another stretch of histories.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Duration, Effect, Exit, Fiber, References } from "effect"
import { TestClock } from "effect/testing"
import { CurrentAttempt, Dependency, DependencyUnavailable, TransientFailure } from "../../src/resilience/index.ts"
import { makeReference } from "./reference.ts"
import { long, randomScenario, type Scenario, type ScriptedCall } from "./scenarios.ts"

const firstSeed = Number(process.env["RESILIENCE_SEED"] ?? 1)
const runs = Number(process.env["RESILIENCE_RUNS"] ?? 400)

interface Attempted {
  readonly call: number
  readonly number: number
  readonly at: number
  readonly leftMs: number
}

const nowMs = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/** What an attempt of a scripted call does. */
const play = Effect.fnUntraced(function* (call: ScriptedCall, index: number, attempts: Array<Attempted>) {
  const at = yield* nowMs
  const info = (yield* CurrentAttempt)!
  attempts.push({ call: index, number: info.number, at, leftMs: Number(info.deadlineNanos) / 1e6 - at })
  const { takesMs, deed, cleanupMs } = call.steps[info.number - 1]!
  const work = deed.does === "hang" ? Effect.never : takesMs === 0 ? Effect.void : Effect.sleep(takesMs)
  yield* Effect.onInterrupt(work, () => (cleanupMs === 0 ? Effect.void : Effect.sleep(cleanupMs)))
  if (deed.does === "fail") {
    const retryAfter = deed.retryAfterMs === undefined ? undefined : Duration.millis(deed.retryAfterMs)
    return yield* Effect.fail(new TransientFailure({ reason: `step_${info.number}`, sent: deed.sent, retryAfter }))
  }
  if (deed.does === "decline") return yield* Effect.fail("declined" as const)
  if (deed.does === "break") return yield* Effect.die("broken")
  return `answer ${info.number}`
})

type Call = (call: ScriptedCall, index: number, attempts: Array<Attempted>) => Effect.Effect<unknown, unknown>

const run = Effect.fnUntraced(function* (
  scenario: Scenario,
  call: Call,
  operator: (order: Scenario["orders"][number]["order"]) => Effect.Effect<void>
) {
  const attempts: Array<Attempted> = []
  const start = (scripted: ScriptedCall, index: number) =>
    Effect.gen(function* () {
      yield* Effect.sleep(scripted.startsAt)
      const exit = yield* Effect.exit(call(scripted, index, attempts))
      return { answer: summary(exit), at: yield* nowMs }
    })
  const fibers = yield* Effect.forEach(scenario.calls, (scripted, index) => Effect.forkChild(start(scripted, index)))
  yield* Effect.forEach(scenario.calls, ({ interruptedAt }, index) =>
    interruptedAt === undefined
      ? Effect.void
      : Effect.forkChild(Effect.andThen(Effect.sleep(interruptedAt), Fiber.interrupt(fibers[index]!)))
  )
  yield* Effect.forEach(scenario.orders, ({ at, order }) =>
    Effect.forkChild(Effect.andThen(Effect.sleep(at), operator(order)))
  )
  yield* TestClock.adjust(long)
  const answers = yield* Effect.forEach(fibers, Fiber.await)
  return { answers: answers.map((exit) => (Exit.isSuccess(exit) ? exit.value : "interrupted")), attempts }
})

const summary = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return { value: exit.value }
  const failed = exit.cause.reasons.find(Cause.isFailReason)?.error
  if (failed === undefined) return Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "defect"
  if (!(failed instanceof DependencyUnavailable)) return { failed }
  const { reason, sent, attempts, retryAfter, last } = failed
  return { reason, sent, attempts, retryAfter: Duration.toMillis(retryAfter), last: last?.reason }
}

const ofReference = (scenario: Scenario) =>
  Effect.gen(function* () {
    const reference = makeReference("thing", scenario.policy)
    const played = yield* run(
      scenario,
      (call, index, attempts) =>
        reference.call(play(call, index, attempts), { priority: call.priority, attempts: call.attempts }),
      reference.operator
    )
    return { ...played, state: reference.state(), inFlight: reference.inFlight(), limit: reference.limit() }
  }).pipe(Effect.provide(TestClock.layer()))

const ofKit = (scenario: Scenario) =>
  Effect.gen(function* () {
    const dependency = yield* Dependency.make("thing", scenario.policy)
    const order = { actor: "test", reason: "random" }
    const verbs = {
      forceOpen: dependency.circuit.forceOpen(order),
      disable: dependency.circuit.disable(order),
      reset: dependency.circuit.reset(order),
      off: dependency.switchOff(order),
      on: dependency.switchOn(order)
    }
    const played = yield* run(
      scenario,
      (call, index, attempts) =>
        call.kind === "read"
          ? dependency.call(play(call, index, attempts), {
              kind: "read",
              priority: call.priority,
              attempts: call.attempts
            })
          : dependency.call(play(call, index, attempts), { kind: "write-once", priority: call.priority }),
      (order) => verbs[order]
    )
    const left = yield* dependency.snapshot
    return { played, left, state: left.state, inFlight: left.inFlight }
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))

const seeds = Array.from({ length: runs }, (_, run) => firstSeed + run)

describe("the fused path", () => {
  it.live(`does what the reference does, over ${runs} random histories from seed ${firstSeed}`, () =>
    Effect.forEach(
      seeds,
      Effect.fnUntraced(function* (seed) {
        const scenario = randomScenario(seed)
        const expected = yield* ofReference(scenario)
        const actual = yield* ofKit(scenario)
        const history = `seed ${seed}: ${JSON.stringify({ ...scenario, policy: { ...scenario.policy, backoff: "" } })}`
        assert.deepStrictEqual(actual.played.answers, expected.answers, history)
        assert.deepStrictEqual(actual.played.attempts, expected.attempts, history)
        assert.strictEqual(actual.state, expected.state, history)
        assert.strictEqual(actual.inFlight, expected.inFlight, history)
        nothingIsLeft(actual.left, history)
        sentIsJoined(scenario, actual.played, history)
      }),
      { discard: true }
    ).pipe(Effect.provideService(References.MinimumLogLevel, "None"))
  )
})

const nothingIsLeft = (left: Effect.Success<ReturnType<typeof ofKit>>["left"], history: string) => {
  const { inFlight, waiting, abandoned, timers, sleepers, calls, outcomes } = left
  assert.deepStrictEqual(
    { inFlight, waiting, abandoned, timers, sleepers },
    { inFlight: 0, waiting: 0, abandoned: 0, timers: 0, sleepers: 0 },
    history
  )
  const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
  assert.strictEqual(ended, calls, `every call is counted once; ${history}`)
}

/** "no" only when every attempt that was made provably never left. */
const sentIsJoined = (
  scenario: Scenario,
  played: Effect.Success<ReturnType<typeof ofKit>>["played"],
  history: string
) => {
  for (const [index, call] of scenario.calls.entries()) {
    const answered = played.answers[index]!
    if (typeof answered === "string" || typeof answered.answer === "string" || !("sent" in answered.answer)) continue
    const { sent, attempts } = answered.answer
    const steps = call.steps.slice(0, attempts)
    if (steps.some(({ deed }) => deed.does === "hang" || (deed.does === "fail" && deed.sent === "maybe"))) {
      assert.strictEqual(sent, "maybe", `call ${index} may have left; ${history}`)
    }
  }
}
