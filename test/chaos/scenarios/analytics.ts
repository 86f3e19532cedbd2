/**
 * Nobody counts the shop's events. No customer ever notices, and the process does not grow: with `--seconds 600` this is
 * the soak that says so.
 */
import { Clock, Effect, Schedule } from "effect"
import { amplification } from "../amplification.ts"
import { played } from "../played.ts"
import { residentMegabytes } from "../resources.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

/** Caches fill and code is compiled; what comes after that is growth. */
const warmUpSeconds = 60
/** A shorter time says nothing about a slope: the garbage collector moves more than that. */
const shortestSeconds = 60
const mostMegabytesAMinute = 1
const path = "/analytics/"

interface Sample {
  readonly minutes: number
  readonly megabytes: number
}

/** Least squares, megabytes a minute. */
const slopeOf = (samples: ReadonlyArray<Sample>) => {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, each) => sum + of(each), 0) / samples.length
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ megabytes }) => megabytes)]
  const spread = mean(({ minutes }) => (minutes - x) ** 2)
  return mean(({ megabytes, minutes }) => (minutes - x) * (megabytes - y)) / spread
}

const found = (samples: ReadonlyArray<Sample>): Found => {
  const warm = samples.filter(({ minutes }) => minutes * 60 >= warmUpSeconds)
  const most = Math.max(...samples.map(({ megabytes }) => megabytes))
  const lasted = ((warm.at(-1)?.minutes ?? 0) - (warm[0]?.minutes ?? 0)) * 60
  const figure = `the process had ${most.toFixed(0)} MB at most`
  if (lasted < shortestSeconds - 5)
    return { notes: [`${figure}; too short a time to say whether it grows`], breaches: [] }
  const slope = slopeOf(warm)
  const grows = `${figure}, and grew by ${slope.toFixed(2)} MB a minute`
  return slope < mostMegabytesAMinute ? { notes: [grows], breaches: [] } : { notes: [], breaches: [grows] }
}

const watching = (world: World, samples: Array<Sample>) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const look = Effect.gen(function* () {
      const pid = yield* world.nodes[0].pid
      const minutes = ((yield* Clock.currentTimeMillis) - began) / 60_000
      samples.push({ minutes, megabytes: residentMegabytes(pid) })
    })
    yield* Effect.repeat(look, Schedule.spaced("1 second"))
  })

const harm = (world: World, seconds: number) =>
  Effect.gen(function* () {
    const samples: Array<Sample> = []
    yield* Effect.forkScoped(watching(world, samples))
    yield* played([
      { mode: "status", status: 500, path },
      { mode: "hang_before", path }
    ])(world, seconds)
    return found(samples)
  })

export const analyticsDown: Scenario = {
  name: "analytics-down",
  group: "providers",
  says: "who counts events answers 500, then not at all; --seconds 600 tells whether the process grows",
  seconds: 12,
  ordersPerSecond: 5,
  promised: {
    orders: 0.999,
    reads: 0.999,
    unaffected: ["order", "catalogue", "stock", "own order"],
    recoverySeconds: 1,
    drainSeconds: 5
  },
  harm,
  examine: ({ provider }, window) =>
    Effect.map(provider.traffic, (traffic) => amplification(traffic, "analytics", window, callsPerSecond(window)))
}

/** A batch has no key, so all batches are one thing; the circuit lets one through every ten seconds, and three before. */
const callsPerSecond = ({ from, to }: { readonly from: number; readonly to: number }) =>
  Math.ceil((to - from) / 10_000) + 3
