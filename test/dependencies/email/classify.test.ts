/** What each answer of the email provider proves, as a table. */
import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { classify } from "../../../src/dependencies/email/classify.ts"

const refusal = (name: string) => JSON.stringify({ statusCode: 0, name, message: "ada@example.com is not allowed" })
const verdictOf = (status: number, body: string, headers: Record<string, string> = {}) =>
  classify({ status, body, headers }, 0)

const cases: ReadonlyArray<readonly [status: number, body: string, says: string]> = [
  [200, `{"id":"em_1"}`, "sent"],
  [201, `{"id":"em_1"}`, "sent"],
  [200, `{"id":""}`, "unreadable_answer maybe"],
  [200, "", "unreadable_answer maybe"],
  [204, "", "unreadable_answer maybe"],
  [302, "", "redirected maybe alarm"],
  [400, refusal("invalid_idempotency_key"), "EmailRefused"],
  [401, refusal("missing_api_key"), "credentials_refused no alarm"],
  [403, refusal("invalid_api_key"), "credentials_refused no alarm"],
  [408, "", "status_408 maybe"],
  [409, refusal("invalid_idempotent_request"), "EmailKeyReused"],
  [409, refusal("concurrent_idempotent_requests"), "EmailInProgress"],
  [409, "<html>", "EmailInProgress"],
  [422, refusal("validation_error"), "EmailRefused"],
  [422, "<html>", "unreadable_answer maybe"],
  [429, refusal("rate_limit_exceeded"), "rate_limited no"],
  [429, "", "rate_limited no"],
  [429, refusal("daily_quota_exceeded"), "EmailQuotaExceeded"],
  [429, refusal("monthly_quota_exceeded"), "EmailQuotaExceeded"],
  [500, "", "status_500 maybe"],
  [503, refusal("application_error"), "status_503 maybe"]
]

describe("an answer of the email provider", () => {
  it.each(cases)("%s %s is %s", (status, body, says) => {
    const verdict = verdictOf(status, body)
    const said =
      verdict._tag === "Sent"
        ? "sent"
        : verdict._tag === "NotSent"
          ? verdict.because._tag
          : `${verdict.failure.reason} ${verdict.failure.sent}${verdict.alarm ? " alarm" : ""}`
    assert.strictEqual(said, says)
    assert.notInclude(JSON.stringify(verdict), "ada@example.com")
  })

  it("says how long a limit lasts, and that it is a limit", () => {
    const verdict = verdictOf(429, refusal("rate_limit_exceeded"), { "retry-after": "7" })
    if (verdict._tag !== "Unsettled") return assert.fail(verdict._tag)
    assert.isTrue(verdict.failure.throttled)
    assert.strictEqual(Duration.toSeconds(verdict.failure.retryAfter ?? Duration.zero), 7)
    const quota = verdictOf(429, refusal("daily_quota_exceeded"), { "retry-after": "3600" })
    if (quota._tag !== "NotSent" || quota.because._tag !== "EmailQuotaExceeded") return assert.fail(quota._tag)
    assert.strictEqual(quota.because.retryAfterMillis, 3_600_000)
  })
})
