/** The table of problems against the contract: which codes there are, what each says, and what none may say. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { AppError } from "../../src/errors.ts"
import { DatabaseUnavailable } from "../../src/database/errors.ts"
import { Problem } from "../../src/http/Problem.ts"
import { problems, type Row, rowOf, type Tag } from "../../src/http/problems.ts"
import { problemOf, retryAfter } from "../../src/http/rendering.ts"
import { examples } from "../../src/http/examples.ts"

/** The contract: code, status, retry. */
const contract: ReadonlyArray<readonly [code: string, status: number, retry: Problem["retry"]]> = [
  ["malformed_request", 400, "after_change"],
  ["validation_failed", 400, "after_change"],
  ["idempotency_key_missing", 400, "after_change"],
  ["idempotency_key_invalid", 400, "after_change"],
  ["unauthenticated", 401, "after_change"],
  ["invalid_credentials", 401, "after_change"],
  ["payment_declined", 402, "new_key"],
  ["forbidden", 403, "never"],
  ["not_found", 404, "never"],
  ["method_not_allowed", 405, "never"],
  ["not_acceptable", 406, "after_change"],
  ["request_timeout", 408, "same_key"],
  ["email_taken", 409, "after_change"],
  ["insufficient_stock", 409, "after_change"],
  ["price_changed", 409, "after_change"],
  ["order_state_conflict", 409, "after_change"],
  ["expired", 409, "same_key"],
  ["idempotency_in_flight", 409, "same_key"],
  ["precondition_failed", 412, "after_change"],
  ["payload_too_large", 413, "after_change"],
  ["uri_too_long", 414, "after_change"],
  ["unsupported_media_type", 415, "after_change"],
  ["idempotency_key_reused", 422, "new_key"],
  ["unknown_reference", 422, "after_change"],
  ["business_rule_violated", 422, "after_change"],
  ["precondition_required", 428, "after_change"],
  ["rate_limited", 429, "same_key"],
  ["too_many_login_attempts", 429, "same_key"],
  ["headers_too_large", 431, "after_change"],
  ["internal_error", 500, "same_key"],
  ["upstream_failed", 502, "same_key"],
  ["database_unavailable", 503, "same_key"],
  ["dependency_unavailable", 503, "same_key"],
  ["feature_disabled", 503, "same_key"],
  ["overloaded", 503, "same_key"],
  ["draining", 503, "same_key"],
  ["upstream_timeout", 504, "same_key"],
  ["query_timeout", 504, "same_key"]
]

/** Codes that nothing answers yet. Who gives one of them a row takes it out of here. */
/** Reserved by the contract: no request needs a provider before anything durable is done. */
const reserved = ["upstream_failed", "dependency_unavailable"]

const tags = Object.keys(examples) as ReadonlyArray<Tag>
// One row takes the errors of its own tag; which one that is, the compiler cannot follow through the list.
const row = (tag: Tag) => problems[tag] as unknown as Row<AppError>
const occasion = { requestId: "req_1", timestamp: "2026-11-20T12:00:00.000Z", safe: false }
const problem = (error: AppError, wait?: number) => problemOf(error, row(error._tag), occasion, wait)

describe("the codes", () => {
  const codes = new Set(tags.map((tag) => row(tag).code))

  it("are those of the contract, but for the reserved ones", () => {
    const promised = contract.map(([code]) => code).filter((code) => !reserved.includes(code))
    assert.deepStrictEqual([...codes].sort(), promised.sort())
    assert.strictEqual(new Set(contract.map(([code]) => code)).size, contract.length)
  })

  it("that are reserved are in the contract, and not in the table", () => {
    for (const code of reserved) {
      assert.isTrue(contract.some(([known]) => known === code))
      assert.isFalse(codes.has(code))
    }
  })

  it.each(tags)("%s has the status and the way to repeat that the contract gives its code", (tag) => {
    const { code, retry, status } = row(tag)
    assert.deepInclude(contract, [code, status, retry] as const)
  })

  it.each([...codes])("%s has one title, whichever error it is", (code) => {
    const titles = tags.filter((tag) => row(tag).code === code).map((tag) => row(tag).title)
    assert.strictEqual(new Set(titles).size, 1, titles.join(" / "))
  })
})

describe("every error", () => {
  it.each(tags)("%s becomes a problem of the schema", (tag) => {
    const seen = problem(examples[tag])
    Schema.decodeUnknownSync(Problem)(JSON.parse(JSON.stringify(seen)), { onExcessProperty: "error" })
    assert.strictEqual(seen.detail, examples[tag].message)
    assert.match(seen.detail, /[.]$/)
  })

  it.each(tags)("%s has a category, and the problem shows it", (tag) => {
    const { category } = examples[tag]
    assert.include(["transient", "permanent", "partial", "fatal"], category)
    assert.strictEqual(problem(examples[tag]).category, category)
  })

  it.each(tags)("%s that is transient may be repeated as it is", (tag) => {
    if (examples[tag].category === "transient") assert.strictEqual(row(tag).retry, "same_key")
  })

  it.each(tags)("%s says when to come back if it is a 429 or a 503, and only then", (tag) => {
    const { retryAfterSeconds, status } = row(tag)
    assert.strictEqual(retryAfterSeconds !== undefined, status === 429 || status === 503)
    if (retryAfterSeconds !== undefined) assert.isAtLeast(retryAfterSeconds(examples[tag]), 1)
  })

  it.each(tags)("%s tells nothing from inside", (tag) => {
    const { code, headers, title } = row(tag)
    const seen = JSON.stringify([problem(examples[tag]), headers?.(examples[tag]), title, code]).replace(
      "database_unavailable",
      ""
    )
    assert.notMatch(seen, /\b(sql|postgres\w*|pg|constraint|table|column|stack|effect|node_modules|localhost)\b/i)
    assert.notMatch(seen, /\/(src|home|tmp|usr)\/|\.ts\b|:\d{4,5}\b|(users|orders|jobs)_|_[pf]key|at \w+ \(/)
    assert.notInclude(seen, `"${tag}"`)
  })

  it("says that something was committed only with where it is", () => {
    for (const tag of tags) {
      const seen = problem(examples[tag])
      assert.strictEqual(seen.side_effects === "committed", seen.resource !== undefined, tag)
    }
  })

  it("says that effects are not known only where a repeat under the same key is safe, and never to a read", () => {
    const lost = new DatabaseUnavailable({ reason: "connection", outcome: "unknown", retryAfterSeconds: 1 })
    for (const error of [...tags.map((tag) => examples[tag]), lost]) {
      const seen = problem(error)
      if (seen.side_effects === "unknown") {
        assert.include([500, 503, 504], seen.status)
        assert.strictEqual(seen.retry, "same_key")
      }
      const read = problemOf(error, row(error._tag), { ...occasion, safe: true })
      assert.notStrictEqual(read.side_effects, "unknown")
    }
    assert.strictEqual(problem(lost).side_effects, "unknown")
  })

  it("is looked up by its own tag, and by nothing that merely has a name", () => {
    for (const other of [undefined, "EmailTaken", {}, { _tag: "toString" }, { _tag: "__proto__" }, { _tag: 7 }]) {
      assert.isUndefined(rowOf(other))
    }
    assert.strictEqual(rowOf(examples.EmailTaken)?.code, "email_taken")
  })
})

describe("the time to wait", () => {
  it("is whole, 1 to 60 seconds, and never shorter than what was asked for", () => {
    for (const seconds of [-5, 0, 0.2, 1, 1.5, 2, 7, 30, 49, 50, 59, 60, 61, 3_600, Infinity]) {
      for (const random of [0, 0.01, 0.5, 0.999_999]) {
        const wait = retryAfter(503, seconds, random)
        assert.isTrue(Number.isInteger(wait) && wait >= 1 && wait <= 60, `${seconds} ${random}: ${wait}`)
        assert.isAtLeast(wait, Math.min(60, seconds))
      }
    }
  })

  it("is not the same for all who were refused together", () => {
    const waits = new Set(Array.from({ length: 100 }, (_, n) => retryAfter(503, 30, n / 100)))
    assert.deepStrictEqual([Math.min(...waits), Math.max(...waits), waits.size], [30, 36, 7])
  })

  it("is as long as it takes for who asked too often", () => {
    for (const seconds of [0, 0.2, 59, 61, 900]) {
      const wait = retryAfter(429, seconds, 0.999_999)
      assert.isTrue(Number.isInteger(wait) && wait >= Math.max(1, seconds) && wait <= Math.ceil(seconds * 1.2) + 1)
    }
  })

  it("is in the body what it is in the header", () => {
    assert.strictEqual(problem(examples.DatabaseUnavailable, 7).retry_after, 7)
    assert.notProperty(problem(examples.DatabaseUnavailable), "retry_after")
  })
})
