/**
 * The Redis that limits are shared over answers, but late: after 300 ms, then after five seconds. That is as good as gone:
 * no request waits for it longer than the policy says, each node counts by itself, and who guesses passwords gets no
 * further than on any node alone.
 *
 * All customers come from one address here, so sign-ups and log-ins meet its limits: their share says nothing.
 */
import { Clock, Duration, Effect, Schedule } from "effect"
import { redisPolicy } from "../../../src/dependencies/redis/policy.ts"
import { rates } from "../../../src/http/rates/Rate.ts"
import { withoutRedis } from "../../dependencies/redis/redisServer.ts"
import { request } from "../../main/client.ts"
import { quantile } from "../figures.ts"
import { gathered } from "../found.ts"
import type { Traffic } from "../load.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"
import { redisOf } from "./redisDown.ts"

const lateMillis = [300, 5_000] as const
/** What is held back on the wire comes when it would have come; then the circuit asks once a second. */
const backWithin = Duration.seconds(15)
const guesses = 60

/** An order counts for its address and for its account. */
const countsOfAnOrder = 2
const longestWaitMillis = countsOfAnOrder * Duration.toMillis(Duration.fromInputUnsafe(redisPolicy.deadline))
/** As everywhere: twice the healthy time, and what a machine that does other things adds. */
const noiseMillis = 10

/** Somebody at another address tries many accounts, as fast as he can. */
const guessing = (url: string, address: string) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const guess = (number: number) =>
      request(`${url}/v1/sessions`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": address },
        body: JSON.stringify({ email: `nobody.${number}@example.com`, password: "not the right one" })
      })
    const all = Array.from({ length: guesses }, (_, number) => number)
    const answers = yield* Effect.forEach(all, guess, { concurrency: 8 })
    const checked = answers.filter((answer) => answer?.status !== 429).length
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    return { checked, most: rates.logIn.burst + Math.ceil((seconds * 1000) / rates.logIn.everyMillis) }
  })

const p99 = (seen: Traffic["seen"]) =>
  quantile(
    seen.filter(({ what }) => what === "order").map(({ millis }) => millis),
    0.99
  )

const waited = ({ seen }: Traffic, from: number): Found => {
  const [healthy, during] = [p99(seen.filter(({ at }) => at < from)), p99(seen.filter(({ at }) => at >= from))]
  const most = healthy * 2 + noiseMillis + longestWaitMillis
  const figure = `an order took ${during.toFixed(0)} ms (p99), ${healthy.toFixed(0)} before; ${most.toFixed(0)} at most`
  return during <= most ? { notes: [figure], breaches: [] } : { notes: [], breaches: [figure] }
}

const late = (world: World, wire: NonNullable<World["redis"]>["wire"], millis: number, seconds: number) =>
  Effect.gen(function* (): Effect.fn.Return<Found> {
    yield* wire.set({ _tag: "Slow", millis, towards: "client" })
    yield* Effect.sleep(Duration.seconds(seconds / 2))
    const { checked, most } = yield* guessing(world.url, `198.51.100.${millis / 100}`)
    yield* Effect.sleep(Duration.seconds(seconds / 2))
    const is = yield* redisOf(world)
    const figure = `redis ${millis} ms late: ${is}; ${checked} of ${guesses} guesses were checked, ${most} at most`
    return is === "warn" && checked <= most && checked > 0
      ? { notes: [figure], breaches: [] }
      : { notes: [], breaches: [figure] }
  })

export const redisSlow: Scenario = {
  name: "redis-slow",
  group: "providers",
  says: "the Redis that limits are shared over answers after 300 ms, then after 5 s (needs a redis-server)",
  seconds: 12,
  ordersPerSecond: 5,
  redis: true,
  env: { RATE_LIMITS: "on", TRUSTED_PROXIES: "127.0.0.1" },
  promised: {
    orders: 0.999,
    reads: 0.999,
    served: { "sign up": 0, "log in": 0 },
    recoverySeconds: 20,
    drainSeconds: 5
  },
  harm: (world, seconds, traffic) =>
    Effect.gen(function* (): Effect.fn.Return<Found> {
      const { redis } = world
      if (redis === undefined) return { notes: [], breaches: [`not tried: ${withoutRedis}`] }
      const from = yield* Clock.currentTimeMillis
      const found = yield* Effect.forEach(lateMillis, (millis) =>
        late(world, redis.wire, millis, seconds / lateMillis.length)
      )
      const held = waited(traffic, from)
      yield* redis.wire.set({ _tag: "None" })
      const back = yield* Effect.repeat(redisOf(world), {
        until: (is) => is === "ok",
        schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: backWithin }))
      })
      return gathered(...found, held, {
        notes: [],
        breaches: back === "ok" ? [] : [`redis: ${back} ${Duration.toSeconds(backWithin)} s after it was quick again`]
      })
    })
}
