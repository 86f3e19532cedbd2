/** What is wrong with an answer: nothing, if the contract holds. */
import { Schema } from "effect"
import { contentType, Problem } from "../../src/http/Problem.ts"
import { tracesIn } from "../canaries/canaries.ts"
import type { Got } from "./client.ts"
import type { Operation } from "./document.ts"
import type { Sent } from "./requests.ts"

/** What only the inside knows. */
const internals: ReadonlyArray<RegExp> = [
  /\b(?:select|insert into|delete from|update) \S+ (?:from|set|values|where)\b/i,
  /\bSQLSTATE|syntax error|relation "|column "|violates|duplicate key|_pkey|_fkey|_check\b|_idx\b/i,
  /\bat \S+ \(|node_modules|\.[cm]?[jt]s:\d|\bnode:internal|\(fiber|Effect\./,
  /(?:^|[^\w])\/(?:home|root|tmp|usr|var|work|Users)\//,
  /\bECONN\w+|ENOENT|\b127\.0\.0\.1\b|localhost:\d/,
  /postgres(?:ql)?:|api\.(?:stripe|resend)|password authentication/i
]

const decode = Schema.decodeUnknownOption(Problem)
const bodyLimitBytes = 256 * 1024

/** What was refused because of a limit that the request ran into, or named itself. */
const asked = ({ headers }: Sent, status: number, code: string) =>
  (status === 503 && code === "overloaded") ||
  // Its own deadline may have ended a wait for the database: that is said as what it was, a database not heard in time.
  ((status === 504 || code === "database_unavailable") && headers["request-timeout"] !== undefined)

/** The name of a member that nobody knows is the client's own. */
const ownWords = /"pointer":"(?:[^"\\]|\\.)*"/g

const problemOf = (text: string): typeof Problem.Type | undefined => {
  try {
    const decoded = decode(JSON.parse(text), { onExcessProperty: "error" })
    return decoded._tag === "Some" ? decoded.value : undefined
  } catch {
    return undefined
  }
}

export const breachesOf = (
  sent: Sent,
  { headers, status, text }: Got,
  operation?: Operation
): ReadonlyArray<string> => {
  const breaches: Array<string> = []
  const unless = (holds: boolean, what: string) => void (holds || breaches.push(what))
  if (status === 0) {
    // Hung up on in the middle of a body that is refused anyway: a client may miss why.
    return (sent.body?.length ?? 0) > bodyLimitBytes && /ECONNRESET|EPIPE/.test(text) ? [] : [`no answer: ${text}`]
  }
  unless(/^req_[0-9a-f]{32}$/.test(headers["request-id"] ?? ""), "no Request-Id")
  unless(headers["x-content-type-options"] === "nosniff", "no nosniff")
  unless(headers["server"] === undefined && headers["x-powered-by"] === undefined, "the server is named")
  const cookie = headers["set-cookie"] ?? ""
  unless(
    headers["x-injected"] === undefined && (cookie === "" || /^holdfast_operator=[^\s;,]*; /.test(cookie)),
    "a header was injected"
  )
  const inside = internals.find((pattern) => pattern.test(`${JSON.stringify(headers)} ${text.replace(ownWords, "")}`))
  if (status >= 400) unless(inside === undefined, `tells of the inside: ${inside}`)
  if (status < 400) {
    if (operation !== undefined && sent.method === operation.method && status !== 304) {
      unless(operation.successes.has(status), `${status} is not in the document`)
    }
    return breaches
  }
  const leaks = tracesIn(`${JSON.stringify(headers)} ${text.replace(ownWords, "")}`)
  unless(leaks.length === 0, `repeats ${leaks.join(", ")}`)
  unless(headers["cache-control"] === "no-store", "a problem that may be stored")
  if (sent.method === "HEAD") return breaches
  const problem = problemOf(text)
  if (problem === undefined || headers["content-type"] !== contentType) return [...breaches, "not a problem"]
  unless(status < 500 || asked(sent, status, problem.code), `${status} ${problem.code}`)
  unless(problem.status === status, "the body has another status")
  unless(problem.request_id === headers["request-id"], "the body has another request id")
  const waits = status === 429 || status === 503
  unless(!waits || /^[1-9]\d*$/.test(headers["retry-after"] ?? ""), "no Retry-After")
  unless(
    headers["retry-after"] === undefined || Number(headers["retry-after"]) === problem.retry_after,
    "two Retry-Afters"
  )
  unless(status !== 405 || headers["allow"] !== undefined, "405 without Allow")
  unless((problem.errors?.length ?? 0) <= 100, "more than 100 errors")
  return breaches
}
