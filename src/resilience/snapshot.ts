/**
 * One dependency at one moment, as plain data: for an operator's page, a status route, a test.
 */
import type { CircuitState } from "./Circuit.ts"
import type { Outcome } from "./Counters.ts"
import type { Rejection } from "./errors.ts"
import type { Machine } from "./Machine.ts"
import type { Override } from "./overrides.ts"

export interface DependencySnapshot {
  readonly name: string
  readonly state: CircuitState
  /** Milliseconds in this state. */
  readonly stateMillis: number
  /** Milliseconds until the circuit lets a probe in; zero when it lets calls in now. */
  readonly retryAfterMillis: number
  readonly switchedOff: boolean
  readonly overrides: ReadonlyArray<Override>
  /** Milliseconds for which the dependency asked to be left alone. */
  readonly pausedMillis: number
  readonly limit: number
  readonly inFlight: number
  readonly waiting: number
  readonly abandoned: number
  /** Retries that could start now. */
  readonly tokens: number
  readonly lastErrorType: string | undefined
  readonly calls: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly rejections: Readonly<Record<Rejection, number>>
  readonly attempts: number
  readonly failures: number
  readonly retries: number
  readonly hedges: number
  readonly timeouts: number
  readonly throttled: number
  readonly outageSeconds: number
  /** Deadlines and sleeps that are set, and fibers that sleep for them. */
  readonly timers: number
  readonly sleepers: number
  readonly lastGood: number
  /** Calls that the dependency itself was asked for, by how long they took: up to each of `durationBoundaries`, and longer. */
  readonly durations: ReadonlyArray<number>
}

export const snapshotOf = (machine: Machine, now: number): DependencySnapshot => {
  const { circuit, counters, limit, orders } = machine
  const timers = machine.allTimers
  return {
    name: machine.name,
    state: circuit.state,
    stateMillis: now - circuit.since,
    retryAfterMillis: circuit.waitMs(now),
    switchedOff: orders.some((override) => override.kind === "off"),
    overrides: orders,
    pausedMillis: machine.pausedMs(now),
    limit: limit.permits(circuit.limitShare(now)),
    inFlight: limit.inFlight,
    waiting: machine.line.size,
    abandoned: machine.abandoned.size,
    tokens: machine.budget.left(now),
    lastErrorType: machine.lastErrorType,
    calls: counters.calls,
    outcomes: { ...counters.outcomes },
    rejections: { ...counters.rejections },
    attempts: counters.attempts,
    failures: counters.failures,
    retries: counters.retries,
    hedges: counters.hedges,
    timeouts: counters.timeouts,
    throttled: counters.throttled,
    outageSeconds: circuit.outage(now) / 1000,
    timers: timers.reduce((sum, each) => sum + each.size, 0),
    sleepers: timers.filter((each) => each.asleep).length,
    lastGood: machine.lastGood.size,
    durations: [...counters.live.counts]
  }
}
