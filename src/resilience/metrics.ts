/**
 * A dependency's counters as metrics, read when somebody scrapes: a call pays nothing for them.
 *
 * They live in the registry of the fiber that made the Dependency and leave it with the Dependency's scope.
 * Attributes are OpenTelemetry's where it has a name (`error.type`); outcomes and states are one series each.
 */
import { type Clock, Effect, Metric, type Scope } from "effect"
import { durationBoundaries, type Durations, outcomes } from "./Counters.ts"
import type { Machine } from "./Machine.ts"
import { isInForce } from "./overrides.ts"
import { monotonicMillis } from "./Timers.ts"

type Reading = readonly [name: string, description: string, attributes: Record<string, string>, read: () => number]

const counters = (machine: Machine, now: () => number): ReadonlyArray<Reading> => {
  const { circuit, counters } = machine
  const rejections = Object.keys(counters.rejections) as Array<keyof typeof counters.rejections>
  const states = Object.keys(counters.transitions) as Array<keyof typeof counters.transitions>
  return [
    ["dependency_started_total", "Calls that were started.", {}, () => counters.calls],
    ...outcomes.map((outcome): Reading => [
      "dependency_calls_total",
      "Calls that have ended, each under one outcome.",
      { outcome },
      () => counters.outcomes[outcome]
    ]),
    ...rejections.map((reason): Reading => [
      "dependency_rejections_total",
      "Calls that the kit refused or gave up, substituted ones included.",
      { "error.type": reason },
      () => counters.rejections[reason]
    ]),
    ...states.map((state): Reading => [
      "dependency_circuit_transitions_total",
      "Transitions of the circuit into a state.",
      { state },
      () => counters.transitions[state]
    ]),
    ["dependency_attempts_total", "Attempts that were started.", {}, () => counters.attempts],
    ["dependency_attempt_failures_total", "Attempts that failed transiently.", {}, () => counters.failures],
    ["dependency_retries_total", "Attempts after a failure.", {}, () => counters.retries],
    ["dependency_hedges_total", "Second attempts beside a slow one.", {}, () => counters.hedges],
    ["dependency_timeouts_total", "Attempts that took too long.", {}, () => counters.timeouts],
    ["dependency_throttled_total", "Attempts that were told to slow down.", {}, () => counters.throttled],
    ["dependency_throttled_seconds_total", "The seconds that they were told.", {}, () => counters.throttledSeconds],
    ["dependency_chaos_total", "Faults injected on purpose.", {}, () => counters.chaos],
    ["dependency_outage_seconds_total", "Time with the circuit not closed.", {}, () => circuit.outage(now()) / 1000]
  ]
}

const gauges = (machine: Machine, now: () => number, wall: () => number): ReadonlyArray<Reading> => {
  const { circuit, counters, limit } = machine
  const states = Object.keys(counters.transitions) as Array<keyof typeof counters.transitions>
  return [
    ...states.map((state): Reading => [
      "dependency_circuit_state",
      "1 for the state that the circuit is in.",
      { state },
      () => (circuit.state === state ? 1 : 0)
    ]),
    [
      "dependency_switched_off",
      "1 while an operator has it off.",
      {},
      () => (machine.orders.some((order) => order.kind === "off" && isInForce(order, wall())) ? 1 : 0)
    ],
    ["dependency_limit", "Attempts that may be out at once.", {}, () => limit.permits(circuit.limitShare(now()))],
    ["dependency_in_flight", "Attempts that have not ended.", {}, () => limit.inFlight],
    ["dependency_abandoned", "Of these, those that nobody waits for.", {}, () => machine.abandoned.size],
    ["dependency_waiting", "Calls that wait for a permit.", {}, () => machine.line.size],
    ["dependency_retry_budget", "Retries that could start now.", {}, () => machine.budget.left(now())]
  ]
}

const nothing = () => {}

/** Registers all series of a dependency until the scope closes. */
export const registerMetrics = (machine: Machine, clock: Clock.Clock): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.contextWith((context) =>
        Effect.sync(() => {
          const now = () => monotonicMillis(clock)
          const named = { dependency: machine.name }
          const counted = counters(machine, now).map(([name, description, attributes, read]) =>
            Metric.registerUnsafe(
              Metric.counter(name, { description, incremental: true, attributes: { ...named, ...attributes } }),
              context,
              { get: () => ({ count: read(), incremental: true }), update: nothing, modify: nothing }
            )
          )
          const gauged = gauges(machine, now, () => clock.currentTimeMillisUnsafe()).map(
            ([name, description, attributes, read]) =>
              Metric.registerUnsafe(
                Metric.gauge(name, { description, attributes: { ...named, ...attributes } }),
                context,
                {
                  get: () => ({ value: read() }),
                  update: nothing,
                  modify: nothing
                }
              )
          )
          const { live, substituted } = machine.counters
          const timed = [histogram("live", live), histogram("substitute", substituted)].map(([metric, hooks]) =>
            Metric.registerUnsafe(metric, context, hooks)
          )
          return [...counted, ...gauged, ...timed]

          function histogram(served: string, durations: Durations) {
            const metric = Metric.histogram("dependency_call_duration_seconds", {
              description: "From a call's start to its end; substitutes apart.",
              boundaries: durationBoundaries.map(inSeconds),
              attributes: { ...named, served }
            })
            return [metric, { get: () => histogramState(durations), update: nothing, modify: nothing }] as const
          }
        })
      ),
      (registrations) => Effect.sync(() => registrations.forEach((registration) => registration.remove()))
    )
  )

const inSeconds = (millis: number) => millis / 1000

/** Cumulative and in seconds, as exporters want it. */
const histogramState = (durations: Durations): Metric.HistogramState => {
  let seen = 0
  const buckets = [...durationBoundaries, Infinity].map((boundary, index): [number, number] => [
    inSeconds(boundary),
    (seen += durations.counts[index]!)
  ])
  const { count, sum, max } = durations
  return { buckets, count, sum: inSeconds(sum), max: inSeconds(max), min: count === 0 ? 0 : inSeconds(durations.min) }
}
