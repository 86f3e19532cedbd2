/** Who gets in, who waits and for how long, and who is refused: on a clock of the test's. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, Layer, Scheduler, type Scope } from "effect"
import { HttpServerResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { Admission } from "../../src/http/Admission.ts"
import { AdmissionGate } from "../../src/http/AdmissionGate.ts"
import { LoopIsFull } from "../../src/http/loopIsFull.ts"
import { Crowd } from "../../src/jobs/Crowd.ts"
import { trafficOf } from "../../src/http/traffic.ts"

const order = trafficOf("POST", "/v1/orders")
const page = trafficOf("GET", "/v1/products")
const recommendations = trafficOf("GET", "/v1/products/prd_1/recommendations")
const logIn = trafficOf("POST", "/v1/sessions")
const ok = HttpServerResponse.empty()

/** The limit before anything is known. */
const room = 32
const roomAsACrowdBegins = 10
const lineLength = 32
/** While others are sent away from it. */
const standingLength = 4
/** Of the room before anything is known. */
const roomForOrders = 28

const ask = (traffic: typeof page, work: Effect.Effect<HttpServerResponse.HttpServerResponse>) =>
  Effect.gen(function* () {
    const admission = yield* Admission
    const pass = admission.passFor(traffic)
    return pass === undefined
      ? yield* work
      : yield* Effect.andThen(admission.atOnce(pass), admission.through(pass, work))
  })
const start = (traffic: typeof page, work: Effect.Effect<HttpServerResponse.HttpServerResponse>) =>
  Effect.forkChild(ask(traffic, work), { startImmediately: true })

/** So many pages that are at work until they are let go. */
const filled = Effect.fnUntraced(function* (many: number) {
  const done = yield* Deferred.make<void>()
  const fibers = yield* Effect.replicateEffect(start(page, Effect.as(Deferred.await(done), ok)), many)
  return { letGo: Effect.andThen(Deferred.succeed(done, undefined), Fiber.joinAll(fibers)) }
})

/** On an event loop that has time to spare, however busy the machine is. */
const admission = Layer.provide(
  Admission.layer,
  Layer.succeed(LoopIsFull, () => () => false)
)
/** Each on an admission of its own: what one of them taught it is nothing to the next. */
const test = (title: string, body: () => Effect.Effect<void, unknown, Admission | Scope.Scope>) =>
  it.effect(title, () => Effect.provide(body(), admission))

const refusal = (traffic: typeof page) => Effect.flip(ask(traffic, Effect.succeed(ok)))

describe("a node with room", () => {
  test("lets everybody in at once", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room - 1)
      assert.strictEqual(yield* ask(page, Effect.succeed(ok)), ok)
      yield* letGo
    }))
})

describe("a full node", () => {
  test("has room again for each one that leaves, whatever became of it", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room - 1)
      for (const work of [Effect.die("a bug"), Effect.interrupt, Effect.succeed(ok)]) {
        yield* Effect.exit(ask(page, work))
      }
      const last = yield* start(page, Effect.never)
      const waiting = yield* start(page, Effect.succeed(ok))
      yield* Fiber.interrupt(last)
      assert.strictEqual(yield* Fiber.join(waiting), ok)
      yield* letGo
    }))
})

describe("a full node's line", () => {
  test("is served in order of arrival, orders first, and nothing sheddable waits in it", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      const served: Array<string> = []
      const wait = (name: string, traffic: typeof page) =>
        start(traffic, Effect.sync(() => served.push(name)).pipe(Effect.as(ok)))
      const fibers = [yield* wait("first", page), yield* wait("second", page), yield* wait("order", order)]
      assert.strictEqual((yield* refusal(recommendations))._tag, "NodeOverloaded")
      yield* letGo
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(served, ["order", "first", "second"])
    }))

  test("is left after a twentieth of a second with a refusal that says when to come back", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      const waiting = yield* start(page, Effect.succeed(ok)).pipe(Effect.map(Fiber.join), Effect.map(Effect.flip))
      yield* TestClock.adjust("50 millis")
      const { retryAfterSeconds } = yield* waiting
      assert.isAtLeast(retryAfterSeconds, 0)
      assert.isAtMost(retryAfterSeconds, 3)
      yield* letGo
    }))

  test("is left after a hundredth of a second while others are sent away from it, and for longer again after a second", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      /** Milliseconds, in whole steps of the clock. */
      const patience = Effect.gen(function* () {
        const waiting = yield* start(page, Effect.succeed(ok)).pipe(Effect.map(Fiber.join), Effect.map(Effect.flip))
        const fiber = yield* Effect.forkChild(waiting)
        let waited = 0
        for (; fiber.pollUnsafe() === undefined; waited += 10) yield* TestClock.adjust("10 millis")
        return waited
      })
      assert.deepStrictEqual([yield* patience, yield* patience, yield* patience], [50, 10, 10])
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* patience, 50)
      yield* letGo
    }))

  test("is short while pages are sent away from it, and an order waits as long as ever", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      yield* start(page, Effect.succeed(ok))
      yield* TestClock.adjust("50 millis")
      const admission = yield* Admission
      const pages = yield* Effect.replicateEffect(start(page, Effect.succeed(ok)), standingLength)
      assert.isTrue(admission.passFor(page)?.isHopeless)
      assert.isFalse(admission.passFor(order)?.isHopeless)
      const waiting = yield* start(order, Effect.succeed(ok))
      yield* TestClock.adjust("50 millis")
      for (const fiber of pages) assert.strictEqual((yield* Effect.flip(Fiber.join(fiber)))._tag, "NodeOverloaded")
      yield* letGo
      assert.strictEqual(yield* Fiber.join(waiting), ok)
    }))

  test("is for so many; who comes then is refused before anything is read, and an order takes the last page's place", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      const pages = yield* Effect.replicateEffect(start(page, Effect.succeed(ok)), lineLength)
      const admission = yield* Admission
      const pass = admission.passFor(page)
      assert.strictEqual(pass && (yield* Effect.flip(admission.atOnce(pass)))._tag, "NodeOverloaded")
      const urgent = yield* start(order, Effect.succeed(ok))
      assert.strictEqual((yield* Effect.flip(Fiber.join(pages[lineLength - 1]!)))._tag, "NodeOverloaded")
      yield* letGo
      assert.strictEqual(yield* Fiber.join(urgent), ok)
    }))

  test("forgets at once who has left", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      let served = 0
      const work = Effect.sync(() => void served++).pipe(Effect.as(ok))
      const gone = yield* Effect.replicateEffect(start(page, work), lineLength)
      yield* Fiber.interruptAll(gone)
      const stays = yield* start(page, work)
      yield* letGo
      yield* Fiber.join(stays)
      assert.strictEqual(served, 1)
    }))
})

describe("a crowd", () => {
  /** One of the event loop. */
  const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

  test("has no more begun in a turn of the event loop than there is room for, however quickly they are answered", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      yield* start(page, Effect.succeed(ok))
      yield* TestClock.adjust("50 millis")
      yield* letGo
      yield* turn
      let answered = 0
      const quick = Effect.sync(() => {
        answered++
        return ok
      })
      const pages = yield* Effect.replicateEffect(start(page, quick), room + standingLength)
      assert.strictEqual(answered, room)
      yield* turn
      yield* Fiber.joinAll(pages)
      assert.strictEqual(answered, room + standingLength)
    }))

  test("finds little room as it fills the event loop, and what has grown since then while it lasts", () =>
    Effect.gen(function* () {
      let isFull = false
      const gate = new AdmissionGate(yield* Clock.Clock, yield* Scheduler.Scheduler, () => isFull)
      gate.sentAway("default")
      assert.strictEqual(gate.limit.current, room)
      isFull = true
      gate.sentAway("default")
      assert.strictEqual(gate.limit.current, roomAsACrowdBegins)
      for (let now = 0; now < 500; now++) {
        while (gate.limit.hasRoom(page)) gate.limit.enter(page)
        gate.limit.leave(page)
        gate.limit.answered(page, 1, now)
      }
      const grown = gate.limit.current
      assert.isAbove(grown, roomAsACrowdBegins)
      gate.sentAway("default")
      assert.strictEqual(gate.limit.current, grown)
      yield* TestClock.adjust("2 seconds")
      gate.sentAway("default")
      assert.strictEqual(gate.limit.current, roomAsACrowdBegins)
    }))
})

describe("jobs on the same node", () => {
  it.effect("give way while requests wait, at the door or for the event loop", () => {
    let isFull = false
    const door = Layer.provide(
      Admission.layer,
      Layer.succeed(LoopIsFull, () => () => isFull)
    )
    return Effect.gen(function* () {
      const crowd = yield* Crowd
      assert.isFalse(crowd.requestsWait())
      isFull = true
      assert.isTrue(crowd.requestsWait())
      isFull = false
      const { letGo } = yield* filled(room)
      const waiting = yield* start(page, Effect.succeed(ok))
      assert.isFalse(crowd.requestsWait())
      yield* TestClock.adjust("50 millis")
      assert.isTrue(crowd.requestsWait())
      yield* TestClock.adjust("1 second")
      assert.isFalse(crowd.requestsWait())
      yield* Fiber.interrupt(waiting)
      yield* letGo
    }).pipe(Effect.provide(Layer.provideMerge(door, Crowd.layer)))
  })
})

describe("orders that all wait for something", () => {
  test("leave room for pages, which pass those in the line", () =>
    Effect.gen(function* () {
      const stuck = yield* Effect.replicateEffect(start(order, Effect.never), roomForOrders)
      const waiting = yield* start(order, Effect.succeed(ok))
      for (let pages = 0; pages < room; pages++) assert.strictEqual(yield* ask(page, Effect.succeed(ok)), ok)
      assert.isUndefined(waiting.pollUnsafe())
      const [first, ...others] = stuck
      if (first !== undefined) yield* Fiber.interrupt(first)
      assert.strictEqual(yield* Fiber.join(waiting), ok)
      yield* Fiber.interruptAll(others)
    }))
})

describe("what takes no room", () => {
  test("is a probe, even on a full node", () =>
    Effect.gen(function* () {
      const { letGo } = yield* filled(room)
      assert.strictEqual(yield* ask(trafficOf("GET", "/readyz"), Effect.succeed(ok)), ok)
      yield* letGo
    }))

  test("is a password's hash: it has a bulkhead of its own", () =>
    Effect.gen(function* () {
      const hashing = yield* Effect.replicateEffect(start(logIn, Effect.never), 2 * room)
      assert.strictEqual(yield* ask(page, Effect.succeed(ok)), ok)
      yield* Fiber.interruptAll(hashing)
    }))

  test("is waiting for an outcome", () =>
    Effect.gen(function* () {
      const admission = yield* Admission
      const waiting = yield* Effect.replicateEffect(
        Effect.suspend(() => {
          const pass = admission.passFor(page)!
          const waits = Effect.suspend(() => {
            pass.leave("answered")
            return Effect.never
          })
          return Effect.forkChild(admission.through(pass, waits), { startImmediately: true })
        }),
        2 * room
      )
      assert.strictEqual(yield* ask(page, Effect.succeed(ok)), ok)
      yield* Fiber.interruptAll(waiting)
    }))
})

describe("a node whose answers come to nothing after a wait", () => {
  const unavailable = HttpServerResponse.empty({ status: 503 })
  /** How many get in at once, after so many such answers. */
  const roomAfter = (wait: "150 millis" | "10 millis") =>
    Effect.gen(function* () {
      for (let round = 0; round < 4; round++) {
        yield* Effect.replicateEffect(start(page, Effect.as(Effect.sleep(wait), unavailable)), 20)
        yield* TestClock.adjust("150 millis")
      }
      let inside = 0
      const work = Effect.suspend(() => {
        inside++
        return Effect.never
      })
      yield* Effect.replicateEffect(start(page, work), room)
      return inside
    })

  test("lets fewer in", () => Effect.map(roomAfter("150 millis"), (inside) => assert.strictEqual(inside, 20)))
  test("lets as many in when they were quick", () =>
    Effect.map(roomAfter("10 millis"), (inside) => assert.strictEqual(inside, room)))
})
