/** Who may ask how often, who waits, and who is told to come back when: on a clock of the test's. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, type Scope } from "effect"
import type { HttpServerRequest } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { RateLimits } from "../../src/http/RateLimits.ts"
import { Buckets } from "../../src/http/rates/Buckets.ts"
import { clientAddress, TrustedProxies } from "../../src/http/rates/clientAddress.ts"
import { mostWaiting, rates } from "../../src/http/rates/Rate.ts"
import { rateHeaders, type Standing } from "../../src/http/rates/rateHeaders.ts"
import { trafficOf } from "../../src/http/traffic.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"

const page = trafficOf("GET", "/v1/products")

const from = (address: string, forwarded?: string) =>
  // Only what limits look at: the socket's other end, and one header.
  ({
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
    source: { socket: { remoteAddress: address } }
  }) as unknown as HttpServerRequest.HttpServerRequest

const ask = (address: string, traffic = page, standings: Array<Standing> = []) =>
  Effect.flatMap(
    RateLimits,
    (limits) => limits.atDoor(from(address), traffic, { standings, aside: () => undefined }) ?? Effect.void
  )
const start = (address: string) => Effect.forkChild(ask(address), { startImmediately: true })
const askMany = (many: number, address: string, traffic = page) =>
  Effect.replicateEffect(ask(address, traffic), many, { discard: true })

/** Each on limits of its own. */
const test = (title: string, body: () => Effect.Effect<void, unknown, RateLimits | Scope.Scope>) =>
  it.effect(title, () =>
    Effect.provide(
      body(),
      RateLimits.layer.pipe(
        Layer.provide([AppSecret.layerMemory, NodeCrypto.layer, Layer.succeed(TrustedProxies, ["10.0.0.0/8"])])
      )
    )
  )

describe("an address", () => {
  test("asks a burst of times at once, then as often as its bucket fills", () =>
    Effect.gen(function* () {
      yield* askMany(rates.address.burst, "192.0.2.1")
      const waits = yield* start("192.0.2.1")
      assert.isUndefined(waits.pollUnsafe())
      yield* TestClock.adjust(rates.address.everyMillis)
      yield* Fiber.join(waits)
    }))

  test("that asks a little more waits its turn, first come, first served; then it is told when to come back", () =>
    Effect.gen(function* () {
      yield* askMany(rates.address.burst, "192.0.2.1")
      const waiters = yield* Effect.replicateEffect(start("192.0.2.1"), rates.address.waiting)
      const refused = yield* Effect.flip(ask("192.0.2.1"))
      assert.deepInclude(refused, { _tag: "RateLimited", limit: "address", retryAfterSeconds: 0.21 })
      yield* TestClock.adjust(rates.address.everyMillis * 5)
      assert.deepStrictEqual(
        waiters.map((waiter) => waiter.pollUnsafe() !== undefined),
        waiters.map((_, place) => place < 5)
      )
      yield* TestClock.adjust(rates.address.everyMillis * rates.address.waiting)
      yield* Fiber.joinAll(waiters)
    }))

  test("is known to have to wait before it is counted, and looking counts nothing", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimits
      const mustWait = (traffic = page) => limits.mustWait(from("192.0.2.1"), traffic)
      for (let look = 0; look < 1_000; look++) assert.isFalse(mustWait())
      yield* askMany(rates.address.burst - 1, "192.0.2.1")
      assert.isFalse(mustWait())
      yield* ask("192.0.2.1")
      assert.isTrue(mustWait())
      assert.isFalse(mustWait(trafficOf("GET", "/livez")))
      yield* TestClock.adjust(rates.address.everyMillis)
      assert.isFalse(mustWait())
    }))

  test("that was refused has used nothing up", () =>
    Effect.gen(function* () {
      yield* Effect.ignore(askMany(rates.address.burst, "192.0.2.1"))
      const waiters = yield* Effect.replicateEffect(start("192.0.2.1"), rates.address.waiting)
      for (let refusal = 0; refusal < 1_000; refusal++) yield* Effect.flip(ask("192.0.2.1"))
      yield* TestClock.adjust(rates.address.everyMillis * (rates.address.waiting + 1))
      yield* Fiber.joinAll(waiters)
      yield* ask("192.0.2.1")
    }))

  test("uses up nobody else's", () =>
    Effect.gen(function* () {
      yield* askMany(rates.address.burst, "192.0.2.1")
      yield* askMany(rates.address.burst, "192.0.2.2")
    }))

  test("logs in and signs up less often than it looks around", () =>
    Effect.gen(function* () {
      const signUp = trafficOf("POST", "/v1/users")
      yield* askMany(rates.signUp.burst, "192.0.2.1", signUp)
      assert.deepInclude(yield* Effect.flip(ask("192.0.2.1", signUp)), { limit: "sign_up", retryAfterSeconds: 3 })
      const logIn = trafficOf("POST", "/v1/sessions")
      yield* askMany(rates.logIn.burst, "192.0.2.1", logIn)
      assert.deepInclude(yield* Effect.flip(ask("192.0.2.1", logIn)), { limit: "log_in", retryAfterSeconds: 2 })
      yield* ask("192.0.2.1")
      yield* TestClock.adjust("1 minute")
      yield* askMany(20, "192.0.2.1", signUp)
    }))

  test("asks for health and status as often as it likes", () =>
    Effect.gen(function* () {
      const standings: Array<Standing> = []
      for (const path of ["/livez", "/readyz", "/startupz", "/health", "/v1/status"]) {
        for (let times = 0; times < 300; times++) yield* ask("192.0.2.1", trafficOf("GET", path), standings)
      }
      assert.deepStrictEqual(standings, [])
    }))
})

describe("an address whose bucket is empty in the count of all nodes", () => {
  /** As if other nodes had let in so many that this one, with nothing in its own count, is the first who has to wait. */
  const emptied = Layer.succeed(
    RateLimiter.RateLimiterStore,
    RateLimiter.RateLimiterStore.of({
      tokenBucket: ({ tokens }) => Effect.succeed([rates.address.waiting - tokens, 0]),
      fixedWindow: () => Effect.die("not asked"),
      adaptiveConsume: () => Effect.die("not asked"),
      adaptiveFeedback: () => Effect.die("not asked")
    })
  )
  it.effect("waits, and gives back what only work needs before it does", () =>
    Effect.gen(function* () {
      const limits = yield* RateLimits
      const said: Array<string> = []
      const counted = { standings: [], aside: () => void said.push("aside") }
      const waits = yield* Effect.forkChild(limits.atDoor(from("192.0.2.1"), page, counted) ?? Effect.void, {
        startImmediately: true
      })
      assert.deepStrictEqual([said, waits.pollUnsafe()], [["aside"], undefined])
      yield* TestClock.adjust(rates.address.everyMillis)
      yield* Fiber.join(waits)
      assert.deepStrictEqual(said, ["aside"])
    }).pipe(Effect.provide(RateLimits.layer.pipe(Layer.provide([AppSecret.layerMemory, NodeCrypto.layer, emptied]))))
  )
})

describe("those who wait", () => {
  test("are no more than a node bears, over all addresses", () =>
    Effect.gen(function* () {
      const addresses = Array.from({ length: Math.ceil(mostWaiting / rates.address.waiting) }, (_, n) => `192.0.2.${n}`)
      for (const address of addresses) yield* askMany(rates.address.burst, address)
      const waiters = yield* Effect.forEach(addresses, (address) =>
        Effect.replicateEffect(start(address), rates.address.waiting)
      )
      const refused = waiters.flat().filter((waiter) => waiter.pollUnsafe()?._tag === "Failure")
      assert.strictEqual(waiters.flat().length - refused.length, mostWaiting)
    }))

  test("and leave make room for others", () =>
    Effect.gen(function* () {
      yield* askMany(rates.address.burst, "192.0.2.1")
      for (let times = 0; times < mostWaiting + 10; times++) {
        yield* Fiber.interrupt(yield* start("192.0.2.1"))
        yield* TestClock.adjust(rates.address.everyMillis)
      }
      const waits = yield* start("192.0.2.1")
      yield* TestClock.adjust(rates.address.everyMillis * 2)
      yield* Fiber.join(waits)
    }))
})

describe("the headers", () => {
  test("say the rule, how much is left, and when all of it is there again", () =>
    Effect.gen(function* () {
      const standings: Array<Standing> = []
      yield* ask("192.0.2.1", trafficOf("POST", "/v1/users"), standings)
      assert.deepStrictEqual(rateHeaders(standings), {
        "ratelimit-policy": `"address";q=200;w=2, "sign_up";q=20;w=60`,
        ratelimit: `"address";r=199;t=1, "sign_up";r=19;t=3`
      })
      yield* Effect.ignore(askMany(19, "192.0.2.1", trafficOf("POST", "/v1/users")))
      const last: Array<Standing> = []
      yield* Effect.flip(ask("192.0.2.1", trafficOf("POST", "/v1/users"), last))
      assert.include(rateHeaders(last)["ratelimit"], `"sign_up";r=0;t=60`)
    }))
})

describe("where a request comes from", () => {
  const none = clientAddress([])
  const some = clientAddress(["10.0.0.0/8", "fd00::/8", "127.0.0.1"])

  it("is the other end of the connection, whatever it says of itself", () => {
    assert.strictEqual(none(from("192.0.2.1", "198.51.100.7")), "192.0.2.1")
    assert.strictEqual(some(from("192.0.2.1", "198.51.100.7")), "192.0.2.1")
  })

  it.each([
    ["what our proxy says", "10.0.0.1", "198.51.100.7", "198.51.100.7"],
    [
      "the last that we believe, not what the client wrote before it",
      "10.0.0.1",
      "203.0.113.9, 198.51.100.7",
      "198.51.100.7"
    ],
    ["what a proxy behind another of ours says", "10.0.0.1", "203.0.113.9,198.51.100.7, 10.0.0.2", "198.51.100.7"],
    ["the proxy itself when it says nothing", "10.0.0.1", undefined, "10.0.0.1"],
    ["the proxy itself when it says no address", "10.0.0.1", "unknown", "10.0.0.1"],
    ["the same whichever family the socket speaks", "::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"],
    ["a network of 64 bits", "fd00::1", "2001:db8:0:7:aaaa::1", "2001:db8:0:7::/64"]
  ] as const)("is %s", (_, peer, forwarded, expected) => {
    assert.strictEqual(some(from(peer, forwarded)), expected)
  })

  it("is one network, however an IPv6 address is written", () => {
    for (const address of ["2001:DB8::1", "2001:0db8:0:0:ffff::2", "2001:db8:0000::3%eth0"]) {
      assert.strictEqual(none(from(address)), "2001:db8:0:0::/64")
    }
  })
})

describe("the buckets", () => {
  it("are no more than they may be, and who asks often is not forgotten", () => {
    const buckets = new Buckets(1_000)
    const take = (whom: string) => buckets.take({ ...rates.orders, burst: 10 }, whom, 0)
    for (let times = 0; times < 10; times++) take("often")
    for (let other = 0; other < 100_000; other++) {
      take(`other ${other}`)
      if (other % 100 === 0) assert.isBelow(take("often")[0], 0)
      assert.isAtMost(buckets.size, 1_000)
    }
  })
})
