/**
 * Random histories of one dependency: a policy, calls with what each of their attempts will do, interrupts, orders.
 *
 * Everything comes from one seed. Times are drawn from millions of milliseconds, so that two things at the same moment,
 * whose order nobody promises, practically do not happen.
 */
import { Duration, Schedule } from "effect"
import type { Policy, Priority, Sent } from "../../src/resilience/index.ts"

export type Deed =
  | { readonly does: "answer" }
  | { readonly does: "decline" }
  | { readonly does: "break" }
  | { readonly does: "hang" }
  | { readonly does: "fail"; readonly sent: Sent; readonly retryAfterMs: number | undefined }

export interface Step {
  /** 0: without letting go of the processor. */
  readonly takesMs: number
  readonly deed: Deed
  /** How long its finalizer takes when it is interrupted. */
  readonly cleanupMs: number
}

export interface ScriptedCall {
  readonly startsAt: number
  readonly interruptedAt: number | undefined
  readonly kind: "read" | "write-once"
  readonly attempts: number
  readonly priority: Priority
  readonly steps: ReadonlyArray<Step>
}

export interface Scenario {
  readonly policy: Policy
  readonly calls: ReadonlyArray<ScriptedCall>
  readonly orders: ReadonlyArray<{
    readonly at: number
    readonly order: "forceOpen" | "disable" | "reset" | "off" | "on"
  }>
}

/** Mulberry32: small, and the same everywhere. */
export const randomFrom = (seed: number) => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const chance = (share: number) => next() < share
  const pick = <A>(from: ReadonlyArray<A>): A => from[between(0, from.length - 1)]!
  return { next, between, chance, pick }
}

type Dice = ReturnType<typeof randomFrom>

const minute = 60_000
const span = 100 * minute

const randomPolicy = (dice: Dice): Policy => {
  const attemptTimeout = dice.between(minute, 8 * minute)
  const concurrency = dice.between(1, 6)
  const base = dice.between(1000, minute)
  return {
    attemptTimeout,
    deadline: dice.between(attemptTimeout, 5 * attemptTimeout),
    attemptFloor: dice.chance(0.5) ? 0 : dice.between(1, minute),
    attempts: 3,
    backoff: Schedule.exponential(base),
    retryAfterCap: dice.between(minute, 10 * minute),
    concurrency,
    breaker: {
      consecutive: dice.pick([1, 2, 3, 5, Infinity]),
      openFor: dice.between(minute, 15 * minute),
      probes: dice.pick([1, 1, 2, 3]),
      rampUp: dice.between(1, 10 * minute),
      ...(dice.chance(0.5) ? { rate: randomRate(dice) } : {})
    },
    budget: {
      ratio: dice.pick([0, 0.2, 0.5]),
      reserve: dice.pick([0, 1, 3, 10]),
      refillPerSecond: dice.pick([0, 0.001, 0.01]),
      window: dice.between(5 * minute, 30 * minute)
    },
    ...(dice.chance(0.6) ? { queue: { size: dice.between(1, 4), wait: dice.between(1000, 5 * minute) } } : {}),
    ...(dice.chance(0.3) ? { rateLimit: { permits: dice.between(1, 4), per: dice.between(minute, 10 * minute) } } : {}),
    ...(dice.chance(0.3) ? { adaptive: { minimum: 1, initial: dice.between(1, concurrency) } } : {})
  }
}

const randomRate = (dice: Dice) => ({
  failures: dice.pick([0.3, 0.5, 0.9]),
  minimumCalls: dice.between(1, 6),
  window: dice.between(5 * minute, 40 * minute),
  ...(dice.chance(0.5) ? { slow: { share: 0.5, over: dice.between(1000, 4 * minute) } } : {})
})

const randomDeed = (dice: Dice, mood: number): Deed => {
  if (dice.next() > mood)
    return dice.pick<Deed>([{ does: "answer" }, { does: "answer" }, { does: "decline" }, { does: "break" }])
  if (dice.chance(0.25)) return { does: "hang" }
  return {
    does: "fail",
    sent: dice.pick(["no", "maybe"]),
    retryAfterMs: dice.chance(0.25) ? dice.between(0, 20 * minute) : undefined
  }
}

export const randomScenario = (seed: number): Scenario => {
  const dice = randomFrom(seed)
  const mood = dice.pick([0.1, 0.5, 0.8, 1])
  const calls = Array.from({ length: dice.between(1, 24) }, (): ScriptedCall => {
    const startsAt = dice.between(1, span)
    const kind = dice.chance(0.8) ? ("read" as const) : ("write-once" as const)
    return {
      startsAt,
      interruptedAt: dice.chance(0.2) ? startsAt + dice.between(1, 10 * minute) : undefined,
      kind,
      attempts: kind === "read" ? dice.between(1, 4) : 1,
      priority: dice.pick(["critical", "default", "default", "sheddable"]),
      steps: Array.from({ length: 4 }, () => ({
        takesMs: dice.chance(0.15) ? 0 : dice.between(1, 6 * minute),
        deed: randomDeed(dice, mood),
        cleanupMs: dice.chance(0.3) ? dice.between(1, 10 * minute) : 0
      }))
    }
  })
  const orders = dice.chance(0.4)
    ? Array.from({ length: dice.between(1, 4) }, () => ({
        at: dice.between(1, span),
        order: dice.pick(["forceOpen", "disable", "reset", "off", "on"] as const)
      }))
    : []
  return { policy: randomPolicy(dice), calls, orders }
}

export const long = Duration.millis(100 * span)
