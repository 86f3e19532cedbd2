/**
 * The Redis that the nodes share their limits over is frozen, then killed and started again. Nobody who asks notices: a
 * node counts by itself and says so, and counts with the others again when it is back.
 *
 * All customers come from one address here, so sign-ups and log-ins meet its limits, also after the fault: their share
 * says nothing, nor does the time to recover.
 */
import { Duration, Effect, Schedule } from "effect"
import { request } from "../../main/client.ts"
import { withoutRedis } from "../../dependencies/redis/redisServer.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

interface Checks {
  readonly checks: Readonly<Record<string, { readonly status: string } | undefined>>
}

const backWithinSeconds = 15

/** What the first node's health says of it. */
export const redisOf = ({ nodes: [node] }: World) =>
  Effect.map(request<Checks>(`${node.url}/health`), (answer) => answer?.body.checks["redis"]?.status ?? "unknown")

export const redisDown: Scenario = {
  name: "redis-down",
  group: "providers",
  says: "the Redis that limits are shared over is frozen, then killed (needs a redis-server)",
  seconds: 12,
  ordersPerSecond: 5,
  redis: true,
  env: { RATE_LIMITS: "on" },
  promised: {
    orders: 0.999,
    reads: 0.999,
    served: { "sign up": 0, "log in": 0 },
    recoverySeconds: 20,
    drainSeconds: 5
  },
  harm: (world, seconds) =>
    Effect.gen(function* (): Effect.fn.Return<Found> {
      const { redis } = world
      if (redis === undefined) return { notes: [], breaches: [`not tried: ${withoutRedis}`] }
      const status = redisOf(world)
      const half = Duration.seconds(seconds / 2)
      yield* redis.freeze
      yield* Effect.sleep(half)
      const frozen = yield* status
      yield* redis.kill
      yield* Effect.sleep(half)
      const killed = yield* status
      yield* redis.start
      const back = yield* Effect.repeat(status, {
        until: (is) => is === "ok",
        schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: Duration.seconds(backWithinSeconds) }))
      })
      const seen = `redis: ${frozen} while frozen, ${killed} when killed, ${back} within ${backWithinSeconds} s of its return`
      const asPromised = frozen === "warn" && killed === "warn" && back === "ok"
      return asPromised ? { notes: [seen], breaches: [] } : { notes: [], breaches: [seen] }
    })
}
