/** When the client tries again: on a clock of the test's, against answers of the test's. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import { type CallOptions, Email, HoldfastClient, Sku } from "../../src/client/index.ts"
import { exampleOf } from "../../src/http/documentation/failures.ts"
import type { Problem } from "../../src/http/Problem.ts"
import type { Tag } from "../../src/http/problems.ts"

interface Seen {
  readonly atMillis: number
  readonly key: string | undefined
  readonly timeout: string | undefined
  readonly prefer: string | undefined
}

type Said = Tag | Partial<Problem> | "nobody" | "proxy"

/** Answers one after the other; the last one for ever. */
const upstream = (...said: ReadonlyArray<Said>) => {
  const seen: Array<Seen> = []
  const client = HttpClient.make((request) =>
    Effect.gen(function* () {
      const { headers } = request
      seen.push({
        atMillis: yield* Clock.currentTimeMillis,
        key: headers["idempotency-key"],
        timeout: headers["request-timeout"],
        prefer: headers["prefer"]
      })
      const next = said[Math.min(seen.length, said.length) - 1] ?? "nobody"
      if (next === "nobody") {
        const reason = new HttpClientError.TransportError({ request })
        return yield* new HttpClientError.HttpClientError({ reason })
      }
      if (next === "proxy") return HttpClientResponse.fromWeb(request, new Response("<html>", { status: 503 }))
      const problem = typeof next === "string" ? exampleOf(next) : { ...exampleOf("DatabaseUnavailable"), ...next }
      const { retry_after: wait, status } = problem
      const hint = wait === undefined ? {} : { "retry-after": String(wait) }
      return HttpClientResponse.fromWeb(request, new Response(JSON.stringify(problem), { status, headers: hint }))
    })
  )
  return { seen, layer: Layer.merge(Layer.succeed(HttpClient.HttpClient)(client), SecureRandom.layerWebCrypto) }
}

const cart = { lines: [{ sku: Sku.make("KITCHEN-KETTLE-12"), quantity: 1 }], paymentMethod: "pm_card_visa" }
const calls = {
  place: (options: CallOptions = {}) =>
    Effect.flatMap(HoldfastClient.make({ baseUrl: "http://shop.example" }), ({ orders }) =>
      orders.place({ payload: cart }, options)
    ),
  read: () =>
    Effect.flatMap(HoldfastClient.make({ baseUrl: "http://shop.example" }), ({ status }) => status.status({})),
  logIn: () =>
    Effect.flatMap(HoldfastClient.make({ baseUrl: "http://shop.example" }), ({ sessions }) =>
      sessions.logIn({ payload: { email: Email.make("a@example.com"), password: Redacted.make("whatever it is") } })
    )
}

/** The tag that a call ends with, and what was sent, after as much time as it takes. */
const outcome = Effect.fnUntraced(function* <A, E extends { readonly _tag: string }>(
  call: Effect.Effect<A, E, HttpClient.HttpClient | SecureRandom.SecureRandom>,
  { layer, seen }: ReturnType<typeof upstream>
) {
  const fiber = yield* Effect.forkChild(Effect.flip(Effect.provide(call, layer)))
  yield* TestClock.adjust(Duration.minutes(2))
  return { tag: (yield* Fiber.join(fiber))._tag, seen, at: seen.map(({ atMillis }) => atMillis) }
})

describe("a call of the client", () => {
  it.effect("is repeated under the same key, never before what Retry-After says", () =>
    Effect.gen(function* () {
      const { at, seen, tag } = yield* outcome(
        calls.place(),
        upstream({ retry_after: 3 }, { retry_after: 7 }, "PriceChanged")
      )
      assert.deepStrictEqual([tag, at], ["PriceChanged", [0, 3_000, 10_000]])
      assert.strictEqual(new Set(seen.map(({ key }) => key)).size, 1)
      assert.match(seen[0]?.key ?? "", /^[0-9a-f-]{36}$/)
    })
  )

  it.effect("carries the key that it was given", () =>
    Effect.gen(function* () {
      const { seen } = yield* outcome(calls.place({ idempotencyKey: "mine-and-mine" }), upstream("nobody"))
      assert.deepStrictEqual(new Set(seen.map(({ key }) => key)), new Set(["mine-and-mine"]))
      assert.strictEqual(seen.length, 4)
    })
  )

  it.effect("is never repeated where the answer says that it makes no sense", () =>
    Effect.gen(function* () {
      const final = [
        "PriceChanged",
        "OrderPaymentDeclined",
        "IdempotencyKeyReused",
        "OrderNotFound",
        "Unexpected"
      ] as const
      for (const tag of final) {
        const ended = yield* outcome(calls.place(), upstream(tag))
        assert.deepStrictEqual([ended.tag, ended.seen.length], [tag, 1])
      }
      for (const retry of ["never", "new_key", "after_change"] as const) {
        const ended = yield* outcome(calls.place(), upstream({ retry, category: "transient" }))
        assert.deepStrictEqual([ended.tag, ended.seen.length], ["DatabaseUnavailable", 1])
      }
    })
  )

  it.effect("ends at once when its deadline comes before Retry-After does", () =>
    Effect.gen(function* () {
      const { at, tag } = yield* outcome(calls.place({ deadline: "10 seconds" }), upstream({ retry_after: 60 }))
      assert.deepStrictEqual([tag, at], ["DatabaseUnavailable", [0]])
    })
  )

  it.effect("has a deadline over all its attempts, tells the server what is left, and takes the wait out of it", () =>
    Effect.gen(function* () {
      const { seen, tag } = yield* outcome(
        calls.place({ deadline: "10 seconds", waitSeconds: 4 }),
        upstream({ retry_after: 4 })
      )
      assert.strictEqual(tag, "DatabaseUnavailable")
      assert.deepStrictEqual(
        seen.map(({ atMillis, prefer, timeout }) => [atMillis, timeout, prefer]),
        [
          [0, "6.000", "wait=4"],
          [4_000, "2.000", "wait=4"],
          [8_000, "0.050", "wait=4"]
        ]
      )
    })
  )

  it.effect("that nobody answers at all ends with its deadline", () =>
    Effect.gen(function* () {
      const silent = {
        seen: [],
        layer: Layer.merge(
          Layer.succeed(HttpClient.HttpClient)(HttpClient.make(() => Effect.never)),
          SecureRandom.layerWebCrypto
        )
      }
      const fiber = yield* Effect.forkChild(
        Effect.flip(Effect.provide(calls.place({ deadline: "3 seconds" }), silent.layer))
      )
      yield* TestClock.adjust("2999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.deepInclude(yield* Fiber.join(fiber), { _tag: "NoAnswer", reason: "deadline" })
    })
  )

  it.effect("that was not answered is repeated where that does nothing twice, and not where it may", () =>
    Effect.gen(function* () {
      const tried = Effect.fnUntraced(function* (call: Parameters<typeof outcome>[0], said: Said) {
        const { seen, tag } = yield* outcome(call, upstream(said))
        return [tag, seen.length] as const
      })
      assert.deepStrictEqual(yield* tried(calls.read(), "nobody"), ["NoAnswer", 4])
      assert.deepStrictEqual(yield* tried(calls.place(), "proxy"), ["NoAnswer", 4])
      assert.deepStrictEqual(yield* tried(calls.logIn(), "nobody"), ["NoAnswer", 1])
      assert.deepStrictEqual(yield* tried(calls.logIn(), "HashingOverloaded"), ["HashingOverloaded", 4])
    })
  )

  it.effect("fails with a code that it does not know as such, and goes by what the problem says", () =>
    Effect.gen(function* () {
      const unknown = { code: "from_the_future", retry: "never", category: "permanent" } as const
      assert.deepInclude(yield* outcome(calls.place(), upstream(unknown)), { tag: "UnknownProblem", at: [0] })
    })
  )
})
