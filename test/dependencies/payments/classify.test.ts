/** Every answer that the provider, or something on the way to it, can give, and what it proves. */
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { classify, classifyTransport } from "../../../src/dependencies/payments/classify.ts"
import type { RawAnswer } from "../../../src/dependencies/payments/classify.ts"

const now = Date.UTC(2026, 10, 20, 12)
const error = (fields: object) => JSON.stringify({ error: { type: "invalid_request_error", message: "…", ...fields } })
const answer = (status: number, body = "", headers: RawAnswer["headers"] = {}): RawAnswer => ({ status, body, headers })

/** The verdict in a word, with what the kit is told. */
const proves = (raw: RawAnswer): string => {
  const verdict = classify(raw, now)
  switch (verdict._tag) {
    case "Unsettled": {
      const { reason, sent } = verdict.failure
      return `${verdict.certainty}: ${reason}, sent ${sent}${verdict.alarm ? ", alarm" : ""}`
    }
    case "Declined":
    case "Refused":
      return `${verdict._tag}: ${verdict.code}`
    default:
      return verdict._tag
  }
}

const card = (code: string, decline_code?: string) => error({ type: "card_error", code, decline_code })

const table: ReadonlyArray<readonly [what: string, raw: RawAnswer, proof: string]> = [
  ["200 with an object", answer(200, '{"id":"pi_1"}'), "Answered"],
  ["200 with garbage", answer(200, '{"id":"pi_'), "unknown: unreadable_answer, sent maybe"],
  ["200 with nothing", answer(200), "unknown: unreadable_answer, sent maybe"],
  ["200 with an array", answer(200, "[1]"), "unknown: unreadable_answer, sent maybe"],
  ["204", answer(204), "unknown: status_204, sent maybe"],
  ["202 of a proxy", answer(202, "{}"), "unknown: status_202, sent maybe"],
  ["a redirect", answer(307, "", { location: "/x" }), "unknown: redirected, sent maybe, alarm"],
  ["400 with a code", answer(400, error({ code: "parameter_missing" })), "Refused: parameter_missing"],
  ["400 without a code", answer(400, error({})), "Refused: invalid_request_error"],
  ["400 whose code is prose", answer(400, error({ code: "Card 4242 of Jane" })), "Refused: unrecognised"],
  ["400 that is not the provider's", answer(400, "<html>"), "unknown: unreadable_answer, sent maybe"],
  ["404 of the provider", answer(404, error({ code: "resource_missing" })), "Refused: resource_missing"],
  ["404 of something else", answer(404, "not here"), "unknown: unreadable_answer, sent maybe"],
  ["a state that differs", answer(400, error({ code: "payment_intent_unexpected_state" })), "StateDiffers"],
  ["a key used for another request", answer(400, error({ type: "idempotency_error" })), "KeyReused"],
  ["401", answer(401, error({})), "not_executed: credentials_refused, sent no, alarm"],
  ["403 of a proxy", answer(403, "no"), "not_executed: credentials_refused, sent no, alarm"],
  ["402 without details", answer(402, card("card_declined")), "Declined: declined"],
  ["402 for lack of money", answer(402, card("card_declined", "insufficient_funds")), "Declined: insufficient_funds"],
  ["402 for an expired card", answer(402, card("expired_card", "expired_card")), "Declined: expired_card"],
  ["402 for a wrong code", answer(402, card("incorrect_cvc")), "Declined: incorrect_cvc"],
  ["402 for a stolen card", answer(402, card("card_declined", "stolen_card")), "Declined: declined"],
  ["402 for fraud", answer(402, card("card_declined", "fraudulent")), "Declined: declined"],
  ["402 of something else", answer(402, "pay!"), "unknown: unreadable_answer, sent maybe"],
  ["408", answer(408), "unknown: status_408, sent maybe"],
  ["409 while the key is in use", answer(409, error({ code: "idempotency_key_in_use" })), "InProgress"],
  ["409 of any kind", answer(409), "InProgress"],
  ["429 while the payment is locked", answer(429, error({ code: "lock_timeout" })), "InProgress"],
  ["429", answer(429, error({ type: "rate_limit_error" })), "not_executed: rate_limited, sent no"],
  ["429 of a proxy", answer(429, "slow down"), "not_executed: rate_limited, sent no"],
  ["500", answer(500, error({ type: "api_error" })), "unknown: status_500, sent maybe"],
  ["500 replayed", answer(500, "", { "idempotent-replayed": "true" }), "unknown: status_500, sent maybe"],
  ["502 of a proxy", answer(502, "<html>"), "unknown: status_502, sent maybe"],
  ["503", answer(503), "unknown: status_503, sent maybe"],
  ["504", answer(504), "unknown: status_504, sent maybe"],
  [
    "a 400 to be repeated",
    answer(400, error({}), { "stripe-should-retry": "true" }),
    "unknown: status_400, sent maybe"
  ],
  ["an unheard-of status", answer(599), "unknown: status_599, sent maybe"]
]

describe("an answer of the payment provider", () => {
  it.each(table)("%s", (_what, raw, proof) => assert.strictEqual(proves(raw), proof))

  const retryAfters: ReadonlyArray<readonly [string, string | undefined, Duration.Duration | undefined]> = [
    ["7", undefined, Duration.seconds(7)],
    ["Fri, 20 Nov 2026 12:00:09 GMT", undefined, Duration.seconds(9)],
    ["Fri, 20 Nov 2026 15:00:09 GMT", "Fri, 20 Nov 2026 15:00:00 GMT", Duration.seconds(9)],
    ["Fri, 20 Nov 2020 12:00:00 GMT", undefined, Duration.zero],
    ["soon", undefined, undefined]
  ]
  it.each(retryAfters)("that says Retry-After: %s (Date: %s) is left alone as long", (header, date, expected) => {
    const verdict = classify(answer(503, "", { "retry-after": header, date }), now)
    assert.strictEqual(verdict._tag, "Unsettled")
    if (verdict._tag === "Unsettled") assert.deepStrictEqual(verdict.failure.retryAfter, expected)
  })
})

describe("a request without an answer", () => {
  const refused = { code: "ECONNREFUSED", syscall: "connect" }
  const lost = { code: "ECONNRESET", syscall: "read" }
  const failures: ReadonlyArray<readonly [what: string, cause: unknown, proof: string]> = [
    ["is not executed when the connection is refused", refused, "not_executed no connection_refused"],
    [
      "is not executed when every address refuses",
      { errors: [refused, refused] },
      "not_executed no connection_refused"
    ],
    [
      "is unknown when one address of several got further",
      { errors: [refused, lost] },
      "unknown maybe connection_lost"
    ],
    [
      "is not executed when the host is unknown",
      { code: "ENOTFOUND", syscall: "getaddrinfo" },
      "not_executed no host_unknown"
    ],
    [
      "is not executed when connecting takes too long",
      { code: "UND_ERR_CONNECT_TIMEOUT" },
      "not_executed no connect_timeout"
    ],
    [
      "is not executed when the network is out of reach",
      { code: "ENETUNREACH", syscall: "connect" },
      "not_executed no connect_failed"
    ],
    [
      "is not executed when the certificate is not trusted",
      { code: "SELF_SIGNED_CERT_IN_CHAIN" },
      "not_executed no certificate_refused"
    ],
    ["is unknown when the connection is reset", lost, "unknown maybe connection_lost"],
    ["is unknown when the other side closes", { code: "UND_ERR_SOCKET" }, "unknown maybe connection_lost"],
    ["is unknown when the reason is unheard of", new Error("?"), "unknown maybe connection_lost"],
    ["is unknown without a reason", undefined, "unknown maybe connection_lost"]
  ]
  it.each(failures)("%s", (_what, cause, proof) => {
    const { certainty, failure } = classifyTransport(cause)
    assert.strictEqual(`${certainty} ${failure.sent} ${failure.reason}`, proof)
  })
})
