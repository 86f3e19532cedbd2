/** What nodes tell each other of their circuits, over a bus in memory: which openings, and for how long they count. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, type Duration, Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import { TestClock } from "effect/testing"
import { sharedCircuits } from "../../../src/dependencies/redis/sharedCircuits.ts"
import { Dependencies, Dependency } from "../../../src/resilience/index.ts"
import { calm, failing, once, working } from "../../resilience/subjects.ts"

/** All hear what one tells. */
const makeBus = Effect.gen(function* () {
  const told: Array<unknown> = []
  const listeners = new Set<(message: Redis.RedisMessage) => void>()
  const redis = yield* Redis.make({
    send: <A>(_publish: string, channel = "", message = "") =>
      Effect.sync(() => {
        told.push(JSON.parse(message))
        for (const listener of listeners) listener({ channel, message })
        return listeners.size as A
      }),
    subscribe: (_channel, onMessage) => Effect.sync(() => (listeners.add(onMessage), Effect.never)),
    connect: Effect.fail(new Redis.RedisError({ cause: "nobody blocks here" }))
  })
  return { told, redis: Layer.succeed(Redis.Redis, redis) }
})

/** A node whose circuit of payments opens at the first failure, for so long. */
const node = Effect.fnUntraced(function* (redis: Layer.Layer<Redis.Redis>, openFor: Duration.Input) {
  const payments = Dependency.make("payments", { ...calm, breaker: { consecutive: 1, openFor } })
  const context = yield* Layer.build(
    Layer.fresh(
      sharedCircuits.pipe(
        Layer.provideMerge(Layer.effectDiscard(payments)),
        Layer.provideMerge(Dependencies.layer),
        Layer.provide([redis, NodeCrypto.layer])
      )
    )
  )
  const dependency = Context.get(context, Dependencies).find("payments")
  if (dependency === undefined) return yield* Effect.die("no payments")
  const call = (what: typeof working | typeof failing) => Effect.exit(dependency.call(what, once))
  return {
    fails: call(failing),
    works: call(working),
    /** Its state, and milliseconds until it lets somebody through. */
    circuit: Effect.map(dependency.snapshot, ({ retryAfterMillis, state }) => [state, retryAfterMillis])
  }
})

describe("nodes that tell of their circuits", () => {
  it.effect("open with the one that opened: for as long as it does, their own time at the most", () =>
    Effect.gen(function* () {
      const { redis } = yield* makeBus
      const [one, hasty, patient] = [
        yield* node(redis, "5 seconds"),
        yield* node(redis, "2 seconds"),
        yield* node(redis, "1 minute")
      ]
      yield* TestClock.adjust("1 second")
      yield* one.fails
      yield* TestClock.adjust("1 second")
      const circuits = yield* Effect.all([one.circuit, hasty.circuit, patient.circuit])
      assert.deepStrictEqual(circuits, [
        ["open", 4_000],
        ["open", 1_000],
        ["open", 4_000]
      ])
    })
  )

  it.effect("judge by a probe of their own when that time is over", () =>
    Effect.gen(function* () {
      const { redis } = yield* makeBus
      const [one, hasty] = [yield* node(redis, "5 seconds"), yield* node(redis, "2 seconds")]
      yield* TestClock.adjust("1 second")
      yield* one.fails
      yield* TestClock.adjust("2 seconds")
      yield* hasty.works
      assert.deepStrictEqual([(yield* one.circuit)[0], (yield* hasty.circuit)[0]], ["open", "closed"])
    })
  )

  it.effect("tell of the first opening alone, not after a probe that failed, and not of what they heard", () =>
    Effect.gen(function* () {
      const { redis, told } = yield* makeBus
      const [one, other] = [yield* node(redis, "5 seconds"), yield* node(redis, "5 seconds")]
      yield* TestClock.adjust("1 second")
      yield* one.fails
      yield* TestClock.adjust("5 seconds")
      for (const each of [one, other]) yield* each.fails
      yield* TestClock.adjust("1 second")
      const circuits = yield* Effect.all([one.circuit, other.circuit])
      assert.deepStrictEqual(circuits, [
        ["open", 4_000],
        ["open", 4_000]
      ])
      assert.strictEqual(told.length, 1)
      assert.deepInclude(told[0], { dependency: "payments", openMillis: 5_000 })
    })
  )
})
