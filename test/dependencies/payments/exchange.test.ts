/** One request and its answer, over a client that plays the other side. */
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import { sendTo } from "../../../src/dependencies/outgoing.ts"
import { exchangeWith } from "../../../src/dependencies/payments/exchange.ts"
import { longestAnswerBytes } from "../../../src/dependencies/payments/policy.ts"

const credentials = { baseUrl: "https://provider.example", secretKey: Redacted.make("sk_test_1") }
const ask = {
  method: "POST",
  path: "/v1/refunds",
  parameters: { amount: "1", "metadata[a]": "b&c" },
  key: "k"
} as const

const answering = (
  body: () => ConstructorParameters<typeof Response>[0],
  seen: (request: HttpClientRequest) => void = () => {}
) =>
  exchangeWith(
    sendTo(
      "payments",
      HttpClient.make((request) => {
        seen(request)
        return Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(body())))
      })
    ),
    credentials
  )

it.effect("a request carries the credentials, the version, its key, and its parameters as a form", () =>
  Effect.gen(function* () {
    let seen: HttpClientRequest | undefined
    yield* answering(
      () => "{}",
      (request) => (seen = request)
    )(ask)
    assert.strictEqual(seen?.headers["authorization"], "Bearer sk_test_1")
    assert.match(seen?.headers["stripe-version"] ?? "", /^\d{4}-\d\d-\d\d\.\w+$/)
    assert.strictEqual(seen?.headers["idempotency-key"], "k")
    assert.strictEqual(seen?.headers["content-type"], "application/x-www-form-urlencoded")
    assert.strictEqual(seen?.url, "https://provider.example/v1/refunds")
    const sent = seen?.body._tag === "Uint8Array" ? new TextDecoder().decode(seen.body.body) : ""
    assert.strictEqual(sent, "amount=1&metadata%5Ba%5D=b%26c")
  })
)

it.effect("a read carries no key and its parameters in the address", () =>
  Effect.gen(function* () {
    let seen: HttpClientRequest | undefined
    const read = { method: "GET", path: "/v1/refunds", parameters: { limit: "5" } } as const
    yield* answering(
      () => "{}",
      (request) => (seen = request)
    )(read)
    assert.strictEqual(seen?.headers["idempotency-key"], undefined)
    assert.strictEqual(seen?.url, "https://provider.example/v1/refunds?limit=5")
  })
)

it.effect("an answer without end is cut, not read to its end, and is unknown", () =>
  Effect.gen(function* () {
    const piece = new Uint8Array(64 * 1024)
    let pulled = 0
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          pulled += piece.byteLength
          if (pulled > 8 * longestAnswerBytes) controller.close() // nobody stopped reading
          else controller.enqueue(piece)
        }
      })
    const failure = yield* Effect.flip(answering(endless)(ask))
    assert.strictEqual(failure.reason, "answer_too_long")
    assert.strictEqual(failure.sent, "maybe")
    assert.isBelow(pulled, 2 * longestAnswerBytes)
  })
)
