/** Two nodes and one real Redis: limits and circuits are common while it is there, and each node's own while it is not. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, Layer, Redacted } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { RateLimits } from "../../../src/http/RateLimits.ts"
import { type Rate, rates } from "../../../src/http/rates/Rate.ts"
import { paymentsPolicy } from "../../../src/dependencies/payments/policy.ts"
import { drawReconnectPauses } from "../../../src/dependencies/redis/policy.ts"
import { sharedCircuits } from "../../../src/dependencies/redis/sharedCircuits.ts"
import { SharedRedis } from "../../../src/dependencies/redis/SharedRedis.ts"
import { Dependencies, Dependency, TransientFailure } from "../../../src/resilience/index.ts"
import { AppSecret } from "../../../src/users/AppSecret.ts"
import { faultProxy, over } from "../../chaos/FaultProxy.ts"
import { eventually } from "../../eventually.ts"
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
    /** Whether one more request of an account is let in, by a bucket that hardly fills. */
    passes: Effect.match(limits.count({ ...rates.orders, everyMillis: 60_000 }, "usr_1"), {
      onSuccess: () => true,
      onFailure: () => false
    }),
    until: (name: string, state: string) =>
      eventually(circuit(name), (is) => is === state, { every: "20 millis", within: "10 seconds" })
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
      "hear of a circuit that opens on one of them",
      () =>
        Effect.gen(function* () {
          const redis = yield* redisServer
          const [one, other] = [yield* node(redis.url), yield* node(redis.url)]
          for (const each of [one, other]) yield* each.until("redis", "closed")
          const down = Effect.fail(new TransientFailure({ reason: "refused", sent: "no" }))
          // The subscription may still be on its way: until it is heard.
          const heardByTheOther = Effect.gen(function* () {
            yield* one.payments?.circuit.reset({ actor: "test", reason: "again" }) ?? Effect.void
            for (let times = 0; times < 20; times++)
              yield* Effect.exit(one.payments?.call(down, { kind: "write-once" }) ?? Effect.void)
            yield* one.until("payments", "open")
            return yield* other.circuit("payments")
          })
          yield* eventually(heardByTheOther, (state) => state === "open", { every: "100 millis", within: "8 seconds" })
        }).pipe(Effect.scoped),
      20_000
    )
  }
)

describe("two nodes that lost it together", () => {
  it.effect("try again at times of their own, between a quarter and half a second apart", () =>
    Effect.gen(function* () {
      const [one, other] = [yield* drawReconnectPauses, yield* drawReconnectPauses]
      for (let tries = 0; tries < 100; tries++) {
        for (const pause of [one(tries), other(tries)]) assert.isTrue(pause >= 250 && pause < 500, `${pause}`)
        assert.notStrictEqual(one(tries), other(tries))
      }
    })
  )
})

/** Two nodes whose common store is in memory, as far away as `way`, and how often it was asked. */
const inMemory = Effect.fnUntraced(function* (way: Effect.Effect<void, RateLimiter.RateLimiterError> = Effect.void) {
  const store = Context.get(yield* Layer.build(RateLimiter.layerStoreMemory), RateLimiter.RateLimiterStore)
  let questions = 0
  const counted = RateLimiter.RateLimiterStore.of({
    ...store,
    tokenBucket: (question) =>
      Effect.suspend(() => {
        questions++
        return Effect.andThen(way, store.tokenBucket(question))
      })
  })
  const limits = Effect.map(
    Layer.build(
      Layer.fresh(RateLimits.layer.pipe(Layer.provide([secret, Layer.succeed(RateLimiter.RateLimiterStore, counted)])))
    ),
    (context) => Context.get(context, RateLimits)
  )
  const nodes = [yield* limits, yield* limits]
  /** So many, by turns on both nodes, none waiting for the one before. */
  const ask = (rate: Rate, many: number) =>
    Effect.forEach(Array.from({ length: many }), (_, n) =>
      Effect.forkChild(nodes[n % 2]?.count(rate, "somebody") ?? Effect.void, { startImmediately: true })
    )
  return { ask, questions: () => questions }
})

type Asked = Fiber.Fiber<void, unknown>
const told = (asked: ReadonlyArray<Asked>) => {
  const all = asked.map((each) => each.pollUnsafe()?._tag ?? "waits")
  const are = (what: string) => all.filter((each) => each === what).length
  return { in: are("Success"), waiting: are("waits"), refused: are("Failure") }
}

describe("two nodes with a store in memory", () => {
  const { burst: most, everyMillis, waiting } = rates.address
  const near = Effect.sleep("1 millis")
  /** Longer than the answers are on their way, and too short for the bucket to fill by one. */
  const settled = TestClock.adjust(everyMillis - 1)

  it.effect("count an account's orders together", () =>
    Effect.gen(function* () {
      const { ask } = yield* inMemory()
      const asked = yield* ask(rates.orders, burst * 3)
      assert.deepStrictEqual(told(asked), { in: burst, waiting: 0, refused: burst * 2 })
    })
  )

  it.effect("let in as many of an address as one would, one after the other, and ask once for ten", () =>
    Effect.gen(function* () {
      const { ask, questions } = yield* inMemory()
      assert.deepStrictEqual(told(yield* ask(rates.address, most)), { in: most, waiting: 0, refused: 0 })
      assert.strictEqual(questions(), most / rates.address.leased)
      const more = yield* ask(rates.address, waiting + 5)
      assert.deepStrictEqual(told(more), { in: 0, waiting, refused: 5 })
      yield* TestClock.adjust(waiting * everyMillis)
      assert.deepStrictEqual(told(more), { in: waiting, waiting: 0, refused: 5 })
    })
  )

  it.effect("let in as many of an address as one would, all at once, and ask a few times for all of them", () =>
    Effect.gen(function* () {
      const { ask, questions } = yield* inMemory(near)
      const asked = yield* ask(rates.address, most + 100)
      yield* settled
      assert.deepStrictEqual(told(asked), { in: most, waiting, refused: 100 - waiting })
      assert.isAtMost(questions(), 8)
    })
  )

  it.effect(
    "refuse nobody who asks less often than his bucket fills, also after a burst, and soon he does not wait",
    () =>
      Effect.gen(function* () {
        const { ask, questions } = yield* inMemory()
        yield* ask(rates.address, most + waiting)
        let before = 0
        // 80 a second of 100.
        for (let millis = 0; millis < 4_000; millis += 25) {
          if (millis === 3_000) before = questions()
          yield* TestClock.adjust(25)
          const asked = told(yield* ask(rates.address, 2))
          assert.strictEqual(asked.refused, 0, `after ${millis} ms`)
          if (millis > 2_000) assert.strictEqual(asked.waiting, 0, `after ${millis} ms`)
        }
        assert.isAtMost(questions() - before, 10)
      })
  )

  it.effect("let nobody wait longer for having been taken for earlier", () =>
    Effect.gen(function* () {
      const { ask } = yield* inMemory()
      // Ten are taken for this one, of which the last would have had to wait for a tenth of a second by now.
      yield* ask(rates.address, most)
      assert.strictEqual(told(yield* ask(rates.address, 1)).waiting, 1)
      yield* TestClock.adjust(9 * everyMillis)
      assert.strictEqual(told(yield* ask(rates.address, 1)).in, 1)
    })
  )

  it.effect("keep what they took for a second, and no longer", () =>
    Effect.gen(function* () {
      const { ask, questions } = yield* inMemory()
      const once = ask(rates.address, 1)
      yield* once
      yield* TestClock.adjust(999)
      yield* once
      assert.strictEqual(questions(), 1)
      yield* TestClock.adjust(1)
      yield* once
      assert.strictEqual(questions(), 2)
    })
  )

  it.effect("let those go on who wait for what somebody asked who has left", () =>
    Effect.gen(function* () {
      const { ask } = yield* inMemory(near)
      const [one, two, ...others] = yield* ask(rates.address, 6)
      for (const left of [one, two]) if (left !== undefined) yield* Fiber.interrupt(left)
      yield* settled
      assert.deepStrictEqual(told(others), { in: 4, waiting: 0, refused: 0 })
    })
  )

  it.effect("let everybody in whom the store does not count, and ask it once for all who wait", () =>
    Effect.gen(function* () {
      const reason = new RateLimiter.RateLimitStoreError({ message: "away" })
      const { ask, questions } = yield* inMemory(
        Effect.andThen(near, Effect.fail(new RateLimiter.RateLimiterError({ reason })))
      )
      const asked = yield* ask(rates.address, most)
      yield* settled
      assert.deepStrictEqual(told(asked), { in: most, waiting: 0, refused: 0 })
      assert.strictEqual(questions(), 2)
    })
  )
})
