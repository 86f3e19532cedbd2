/**
 * Ninety seconds of traffic in a World of its own: what is answered in each second, and how often the server was asked.
 *
 * Arrivals are Poisson, from a seed, the same for every policy. Recovered means: from that second on, three seconds' goodput
 * never again falls below 95 % of the calls that really arrived in them.
 */
import { Effect, Exit, Random, Scope } from "effect"
import type { ClientPolicy } from "./policies.ts"
import { perSecond, Server, tickMillis, trigger } from "./server.ts"
import { World } from "./World.ts"

export const seconds = 90
/** Calls that start in the last seconds may still be under way at the end: they are not judged. */
export const judged = seconds - 5
const smoothing = 3
const recoveredShare = 0.95

export interface Run {
  readonly policy: string
  readonly load: number
  /** Calls that were answered, by the second in which they started. */
  readonly goodput: ReadonlyArray<number>
  readonly attemptsPerCall: number
  /** Seconds after the trigger's end; undefined: not within the time watched. */
  readonly recoveredAfter: number | undefined
}

/** As a product of uniform draws (Knuth): fine for the small mean of a tick. */
const poisson = (mean: number, next: () => number): number => {
  const limit = Math.exp(-mean)
  let count = -1
  for (let product = 1; product > limit; count++) product *= next()
  return count
}

export const simulate = (policy: ClientPolicy, load: number): Run => {
  const world = new World(`${policy.name} at ${load}`)
  const server = new Server(world, policy.bounded)
  const random = Effect.runSync(Random.withSeed(Random.Random, `arrivals at ${load}`))
  const draw = () => random.nextDoubleUnsafe()
  const scope = Effect.runSync(Scope.make())
  const call = world.run(Effect.provideService(policy.client(server), Scope.Scope, scope))

  const arrived = Array.from({ length: seconds }, () => 0)
  const goodput = Array.from({ length: seconds }, () => 0)
  const during = { calls: 0, attempts: 0 }
  const callAt = (second: number) => {
    arrived[second]!++
    world.fork(call).addObserver((exit) => {
      if (Exit.isSuccess(exit)) goodput[second]!++
    })
  }
  for (let at = 0; at < seconds * 1000; at += tickMillis) {
    const before = server.arrivals
    const calls = poisson((perSecond * load * tickMillis) / 1000, draw)
    for (let n = 0; n < calls; n++) callAt(Math.floor(at / 1000))
    server.tick()
    world.runUntil(at + tickMillis)
    if (at < trigger.fromMillis || at >= trigger.toMillis) continue
    during.calls += calls
    during.attempts += server.arrivals - before
  }
  return {
    policy: policy.name,
    load,
    goodput: goodput.slice(0, judged),
    attemptsPerCall: during.attempts / during.calls,
    recoveredAfter: recovery(goodput, arrived)
  }
}

const recovery = (goodput: ReadonlyArray<number>, arrived: ReadonlyArray<number>): number | undefined => {
  const end = trigger.toMillis / 1000
  const sum = (counts: ReadonlyArray<number>, second: number) =>
    counts.slice(second, second + smoothing).reduce((total, count) => total + count, 0)
  let recovered: number | undefined
  for (let second = judged - smoothing; second >= end; second--) {
    if (sum(goodput, second) < recoveredShare * sum(arrived, second)) break
    recovered = second - end
  }
  return recovered
}
