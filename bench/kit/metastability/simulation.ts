/**
 * Ninety seconds of traffic on a TestClock: what is answered in each second, and how often the server was asked.
 *
 * Arrivals are Poisson, from a seed. Recovered means: from that second on, three seconds' goodput never again falls below
 * 95 % of what is offered.
 */
import { Effect, Exit, Fiber, Random, References } from "effect"
import { TestClock } from "effect/testing"
import type { ClientPolicy } from "./policies.ts"
import { perSecond, Server, tickMillis, trigger } from "./server.ts"

export const seconds = 90
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
const poisson = (mean: number) =>
  Effect.gen(function* () {
    const limit = Math.exp(-mean)
    let count = -1
    for (let product = 1; product > limit; count++) product *= yield* Random.next
    return count
  })

export const simulate = (policy: ClientPolicy, load: number): Effect.Effect<Run> =>
  Effect.gen(function* () {
    const server = new Server(policy.bounded)
    const call = yield* policy.client(server)
    const goodput = Array.from({ length: seconds }, () => 0)
    const triggerCalls = { calls: 0, attempts: 0 }
    const offered = perSecond * load

    const request = (second: number) =>
      Effect.map(Effect.exit(call), (exit) => {
        if (Exit.isSuccess(exit)) goodput[second]!++
      })
    const world = Effect.gen(function* () {
      for (let at = 0; at < seconds * 1000; at += tickMillis) {
        const arrivals = yield* poisson((offered * tickMillis) / 1000)
        const before = server.arrivals
        for (let n = 0; n < arrivals; n++) {
          yield* Effect.forkDetach(request(Math.floor(at / 1000)), { startImmediately: true })
        }
        server.tick(at)
        yield* Effect.sleep(tickMillis)
        if (at >= trigger.fromMillis && at < trigger.toMillis) {
          triggerCalls.calls += arrivals
          triggerCalls.attempts += server.arrivals - before
        }
      }
    })
    const running = yield* Effect.forkChild(world)
    yield* TestClock.adjust(`${seconds} seconds`)
    yield* Fiber.join(running)
    // calls of the last seconds may still be under way: they are not judged
    return {
      policy: policy.name,
      load,
      goodput: goodput.slice(0, seconds - 5),
      attemptsPerCall: triggerCalls.attempts / triggerCalls.calls,
      recoveredAfter: recovery(goodput.slice(0, seconds - 5), offered)
    }
  }).pipe(
    Effect.scoped,
    Effect.provide(TestClock.layer()),
    Random.withSeed(`metastability ${load}`),
    Effect.provideService(References.MinimumLogLevel, "None")
  )

const recovery = (goodput: ReadonlyArray<number>, offered: number): number | undefined => {
  const end = trigger.toMillis / 1000
  const smooth = (second: number) =>
    goodput.slice(second, second + smoothing).reduce((sum, count) => sum + count, 0) / smoothing
  let recovered: number | undefined
  for (let second = goodput.length - smoothing; second >= end; second--) {
    if (smooth(second) < recoveredShare * offered) break
    recovered = second - end
  }
  return recovered
}
