/** The time that a request has: what ends with it, what it does not count, and who may shorten it. */
import { assert, layer } from "@effect/vitest"
import { Context, Duration, Effect, Layer, Option } from "effect"
import * as net from "node:net"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { RequestDeadlines } from "../../src/http/Deadlines.ts"
import { WhileWaiting } from "../../src/orders/Outcomes.ts"
import { Backoff, Dependency, remaining } from "../../src/resilience/index.ts"
import { Shop } from "../../src/testing/index.ts"
import { Door, doorOver, member, parsed, problemIn, refusal, send } from "./door.ts"

/** Enough that a busy machine's pauses do not pass for work: it may stand still for half of that. */
const readMillis = 1_000
const writeMillis = 1_500
const path = "/v1/products/prd_1"

type Product = Effect.Success<ReturnType<Storefront["Service"]["find"]>>["value"]

/** What is done for a request for a product; each test says. */
class Work extends Context.Service<Work, { next: Effect.Effect<unknown> }>()("holdfast/test/Work") {
  static readonly layer = Layer.sync(Work, () => ({ next: Effect.die("no work was chosen") }))
}

const working = Layer.effect(
  Storefront,
  Effect.gen(function* () {
    const [work, storefront] = [yield* Work, yield* Storefront]
    const { value } = yield* storefront.list({ limit: 1 })
    return Storefront.of({
      ...storefront,
      find: () =>
        Effect.as(
          Effect.suspend(() => work.next),
          { _tag: "Fresh", value: value.products[0] as Product }
        )
    })
  })
).pipe(Layer.provideMerge(Layer.merge(Shop.layerMemory, Work.layer)))

const door = doorOver(Layer.provideMerge(working, Layer.succeed(RequestDeadlines, { readMillis, writeMillis })))

const works = (next: Effect.Effect<unknown>) => Effect.map(Work, (work) => void (work.next = next))

const timed = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = performance.now()
    const value = yield* self
    return { value, millis: performance.now() - began }
  })

layer(door, { excludeTestServices: true })("a request's deadline", (it) => {
  it.effect("answers for work that goes on, and ends it", () =>
    Effect.gen(function* () {
      let ended = false
      yield* works(Effect.onInterrupt(Effect.never, () => Effect.sync(() => void (ended = true))))
      const { value, millis } = yield* timed(refusal([504, "upstream_timeout"], "GET", path))
      assert.deepInclude(value.problem, { retry: "same_key", side_effects: "none" })
      assert.isAtLeast(millis, readMillis - 5)
      assert.isTrue(ended)
    })
  )

  it.effect("cuts a provider's slow call short, early enough for what is to be said instead", () =>
    Effect.gen(function* () {
      const slow = yield* Dependency.make("slow", {
        deadline: "10 seconds",
        attemptTimeout: "10 seconds",
        attempts: 1,
        backoff: Backoff.none,
        breaker: { consecutive: 10, openFor: "1 second" },
        concurrency: 10
      })
      let said = ""
      const call = slow.call(Effect.never, { kind: "read" })
      yield* works(
        Effect.catchTag(call, "DependencyUnavailable", ({ last }) => Effect.sync(() => (said = String(last?.reason))))
      )
      assert.strictEqual((yield* send("GET", path)).status, 200)
      assert.strictEqual(said, "attempt_timeout")
    })
  )

  it.effect("is shortened by a client who says so, and by none lengthened", () =>
    Effect.gen(function* () {
      let left = -1
      yield* works(
        Effect.map(
          remaining,
          (time) => void (left = Option.match(time, { onNone: () => -1, onSome: Duration.toMillis }))
        )
      )
      const leftFor = (timeout: string) =>
        Effect.map(send("GET", path, { headers: { "request-timeout": timeout } }), () => left)
      assert.isAtMost(yield* leftFor("0.1"), 100)
      assert.isAtMost(yield* leftFor("60"), readMillis)
      for (const unreadable of ["soon", "-1", "0", "1e3", "", "0x10"]) {
        const millis = yield* leftFor(unreadable)
        assert.isAbove(millis, 100, unreadable)
        assert.isAtMost(millis, readMillis, unreadable)
      }
    })
  )

  it.effect("does not count the waiting for an order's outcome", () =>
    Effect.gen(function* () {
      yield* works(Effect.flatMap(WhileWaiting, (around) => around(Effect.sleep(readMillis * 2))))
      assert.strictEqual((yield* send("GET", path)).status, 200)
      yield* works(Effect.flatMap(WhileWaiting, (around) => Effect.andThen(around(Effect.sleep(50)), Effect.never)))
      yield* refusal([504, "upstream_timeout"], "GET", path)
    })
  )

  it.effect("does not count the time that the body takes to arrive", () =>
    Effect.gen(function* () {
      const { email } = yield* member
      const body = JSON.stringify({ email, password: "not the right password" })
      const { port } = yield* Door
      const head = "POST /v1/sessions HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Type: application/json\r\n"
      const socket = net.connect(port, "127.0.0.1")
      socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body.slice(0, 10)}`)
      yield* Effect.sleep(writeMillis * 1.5)
      socket.write(body.slice(10))
      const said = yield* Effect.callback<string>((resume) => {
        let text = ""
        socket.on("data", (part) => (text += part.toString()))
        socket.on("close", () => resume(Effect.succeed(text)))
      })
      assert.strictEqual(problemIn(parsed(said)).code, "invalid_credentials")
    })
  )
})
