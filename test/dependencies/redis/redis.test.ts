/** Two nodes and one real Redis: limits and circuits are common while it is there, and each node's own while it is not. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Redacted, Schedule } from "effect"
import { RateLimiter } from "effect/persistence"
import { RateLimits } from "../../../src/http/RateLimits.ts"
import { rates } from "../../../src/http/rates/Rate.ts"
import { paymentsPolicy } from "../../../src/dependencies/payments/policy.ts"
import { sharedCircuits } from "../../../src/dependencies/redis/sharedCircuits.ts"
import { SharedRedis } from "../../../src/dependencies/redis/SharedRedis.ts"
import { Dependencies, Dependency, TransientFailure } from "../../../src/resilience/index.ts"
import { AppSecret } from "../../../src/users/AppSecret.ts"
import { faultProxy, over } from "../../chaos/FaultProxy.ts"
import { redisServer, withoutRedis } from "./redisServer.ts"

const secret = Layer.merge(AppSecret.layerMemory, NodeCrypto.layer)

/** A node, as far as Redis has to do with it. */
const node = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const payments = Layer.effectDiscard(Dependency.make("payments", paymentsPolicy))
  const context = yield* Layer.build(
    Layer.fresh(
      sharedCircuits.pipe(
        Layer.provideMerge(payments),
        Layer.provideMerge(RateLimits.layer),
        Layer.provideMerge(SharedRedis.layer(url)),
        Layer.provideMerge(Dependencies.layer),
        Layer.provide(secret)
      )
    )
  )
  const dependencies = Context.get(context, Dependencies)
  const limits = Context.get(context, RateLimits)
  const circuit = (name: string) =>
    Effect.map(dependencies.snapshot, (all) => all.find((each) => each.name === name)?.state)
  return {
    circuit,
    payments: dependencies.find("payments"),
    /** Whether a log in from somewhere is let in. */
    passes: Effect.match(limits.count({ ...rates.orders, everyMillis: 60_000 }, "usr_1"), {
      onSuccess: () => true,
      onFailure: () => false
    }),
    until: (name: string, state: string) =>
      Effect.repeat(circuit(name), {
        until: (is) => is === state,
        schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))
      })
  }
})

type Node = Effect.Success<ReturnType<typeof node>>
/** How many of so many requests are let in, by turns on both nodes. */
const passed = (nodes: ReadonlyArray<Node>, many: number) =>
  Effect.map(
    Effect.forEach(Array.from({ length: many }), (_, n) => nodes[n % nodes.length]?.passes ?? Effect.succeed(false)),
    (all) => all.filter((one) => one).length
  )

const { burst } = rates.orders

describe.skipIf(withoutRedis !== undefined)(
  `two nodes with a real Redis${withoutRedis === undefined ? "" : ` (skipped: ${withoutRedis})`}`,
  () => {
    it.live(
      "count together, alone while it is killed or frozen, and together again",
      () =>
        Effect.gen(function* () {
          const redis = yield* redisServer
          const nodes = [yield* node(redis.url), yield* node(redis.url)]
          for (const each of nodes) yield* each.until("redis", "closed")
          // One bucket for both, and nobody failed.
          assert.closeTo(yield* passed(nodes, burst * 3), burst, 5)
          for (const [harm, mend] of [
            [redis.freeze, redis.thaw],
            [redis.kill, redis.start]
          ] as const) {
            yield* harm
            for (const each of nodes) yield* each.until("redis", "open")
            const fresh = [yield* node(redis.url), yield* node(redis.url)]
            for (const each of fresh) yield* each.until("redis", "open")
            // A node that starts without it starts, and counts by itself.
            assert.strictEqual(yield* passed(fresh, burst * 3), burst * 2)
            yield* mend
            for (const each of [...nodes, ...fresh]) yield* each.until("redis", "closed")
          }
          const later = [yield* node(redis.url), yield* node(redis.url)]
          for (const each of later) yield* each.until("redis", "closed")
          assert.isAtMost(yield* passed(later, burst * 3), burst + 5)
        }).pipe(Effect.scoped),
      40_000
    )

    it.live(
      "count by themselves while its answers are late, and hardly anybody waits for them",
      () =>
        Effect.gen(function* () {
          const redis = yield* redisServer
          const wire = yield* faultProxy({ host: "127.0.0.1", port: Number(new URL(Redacted.value(redis.url)).port) })
          const url = Redacted.make(over(wire, Redacted.value(redis.url)))
          const nodes = [yield* node(url), yield* node(url)]
          for (const each of nodes) yield* each.until("redis", "closed")
          yield* wire.set({ _tag: "Slow", millis: 300, towards: "client" })
          const began = yield* Clock.currentTimeMillis
          // What was taken together before is nothing: each has a bucket of its own, and it holds.
          assert.closeTo(yield* passed(nodes, burst * 3), burst * 2, 1)
          // Three waits a node of 40 ms, and one a second; if each had waited it would be a minute.
          assert.isBelow((yield* Clock.currentTimeMillis) - began, 5_000)
          for (const each of nodes) assert.notStrictEqual(yield* each.circuit("redis"), "closed")
          yield* wire.set({ _tag: "None" })
          for (const each of nodes) yield* each.until("redis", "closed")
        }).pipe(Effect.scoped),
      40_000
    )

    it.live(
      "hear of a circuit that opens on one of them, and judge for themselves when its time is over",
      () =>
        Effect.gen(function* () {
          const redis = yield* redisServer
          const [one, other] = [yield* node(redis.url), yield* node(redis.url)]
          for (const each of [one, other]) yield* each.until("redis", "closed")
          const down = Effect.fail(new TransientFailure({ reason: "refused", sent: "no" }))
          // The subscription may still be on its way: until it is heard.
          yield* Effect.gen(function* () {
            yield* one.payments?.circuit.reset({ actor: "test", reason: "again" }) ?? Effect.void
            for (let times = 0; times < 20; times++)
              yield* Effect.exit(one.payments?.call(down, { kind: "write-once" }) ?? Effect.void)
            yield* one.until("payments", "open")
            return yield* other.circuit("payments")
          }).pipe(
            Effect.repeat({
              until: (state) => state === "open",
              schedule: Schedule.spaced("100 millis").pipe(Schedule.upTo({ duration: "8 seconds" }))
            })
          )
          assert.strictEqual(yield* other.circuit("payments"), "open")
        }).pipe(Effect.scoped),
      20_000
    )
  }
)

describe("two nodes with a store in memory", () => {
  it.effect("count together", () =>
    Effect.gen(function* () {
      const store = Context.get(yield* Layer.build(RateLimiter.layerStoreMemory), RateLimiter.RateLimiterStore)
      const limitsOf = Effect.map(
        Layer.build(
          Layer.fresh(
            RateLimits.layer.pipe(Layer.provide([secret, Layer.succeed(RateLimiter.RateLimiterStore, store)]))
          )
        ),
        (context) => Context.get(context, RateLimits)
      )
      const nodes = [yield* limitsOf, yield* limitsOf]
      let let_in = 0
      for (let n = 0; n < burst * 3; n++) {
        const counted = nodes[n % 2]?.count(rates.orders, "usr_1") ?? Effect.void
        if ((yield* Effect.exit(counted))._tag === "Success") let_in++
      }
      assert.strictEqual(let_in, burst)
    })
  )
})
