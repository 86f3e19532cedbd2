/**
 * What may be said of a failure: its name, its codes, where in the code it happened. Never what it was about.
 *
 * A message from outside (a driver, a provider, a parser) may quote a person's data, so it is only kept after addresses,
 * tokens, card numbers and keys are taken out of it, and it is cut short. Stack lines are kept, their head line is not.
 */
import { Cause, Redacted } from "effect"

const messageLimit = 300
const valueLimit = 2_000
const framesLimit = 12
const causesLimit = 4

type Pattern = readonly [RegExp, string]

/** What is recognised wherever it stands, also in the value of a field. */
const unmistakable: ReadonlyArray<Pattern> = [
  // Also as they stand in a URL.
  [/[^\s"'<>(),;:=]+(?:@|%40)[^\s"'<>(),;:]+/g, "<email>"],
  [/\b(?:\d(?:[ +-]|%20)?){12,19}\b/g, "<number>"],
  [/\b(?:sess|sk|rk|whsec|re|pk)_[\w.~-]+/g, "<secret>"],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, "$1 <secret>"]
]

/** What is taken out of a text from outside besides: it says more than anyone needs to know. */
const suspicious: ReadonlyArray<Pattern> = [
  [/\b(postgres(?:ql)?|redis|https?):\/\/[^\s"']+/gi, "<url>"],
  [/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "<text>"],
  [/\b[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}\b/gi, "<id>"],
  [
    /\b(pass(?:word|wd|phrase)|secret|token|api[_ -]?key|authorization|cookie)(\s*[:=]?\s*)(?!<)[^\s,;)}]+/gi,
    "$1$2<secret>"
  ]
]

const without = (text: string, patterns: ReadonlyArray<Pattern>): string =>
  patterns.reduce((rest, [pattern, name]) => rest.replace(pattern, name), text)

/** At most so many characters, and no half of a word or of a quotation at the cut: a half is not recognised any more. */
const cutBefore = (text: string, limit: number): string =>
  text.length <= limit ? text : text.slice(0, limit).replace(/(?:["'][^"']*|\S+)$/, "")

/** The text without what looks like a person's data or a secret, at most 300 characters. */
export const scrub = (text: string): string =>
  without(cutBefore(text, messageLimit * 4), [...unmistakable, ...suspicious]).slice(0, messageLimit)

/** Keys whose values are never logged, whoever logs them. */
const secretKey = /password|secret|token|authorization|cookie|email|address|card|api_?key|idempotency_?key/i
/** Under such a key, a number up to this is a count; a longer one may be a card's. */
const largestCount = 1_000_000
const isCount = (value: unknown) => typeof value === "number" && value <= largestCount

/** A value for a log line: secrets and personal keys redacted at any depth, bigint as text, depth and width bounded. */
export const redact = (value: unknown, depth = 0): unknown => {
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (typeof value === "bigint") return value.toString()
  if (typeof value === "string") return without(cutBefore(value, valueLimit), unmistakable)
  if (typeof value !== "object" || value === null) return value
  if (depth > 5) return "<deep>"
  if (value instanceof Date) return value.toISOString()
  if (Cause.isCause(value)) return describeCause(value)
  if (value instanceof Error) return describeError(value)
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 50)
      .map(([key, item]) => [key, secretKey.test(key) && !isCount(item) ? "<redacted>" : redact(item, depth + 1)])
  )
}

export interface DescribedError {
  readonly name: string
  readonly message: string
  readonly stack?: ReadonlyArray<string>
  readonly cause?: DescribedError
}

/** The error and the errors that caused it. */
export const describeError = (error: unknown, depth = 0): DescribedError => {
  if (!(error instanceof Error)) return { name: tagOf(error), message: "" }
  const frames = framesOf(error)
  return {
    name: tagOf(error),
    message: scrub(error.message),
    ...(frames.length > 0 ? { stack: frames } : {}),
    ...(error.cause !== undefined && depth < causesLimit ? { cause: describeError(error.cause, depth + 1) } : {})
  }
}

/** A frame says where; it ends with a position. The head of a stack repeats the message, of which any line may say "at". */
const frame = /^\s*at (?:.*\([^()]+|[^\s()]+):\d+:\d+\)?$/

const framesOf = ({ message, stack = "" }: Error): ReadonlyArray<string> => {
  const head = message === "" ? -1 : stack.indexOf(message)
  return stack
    .slice(head < 0 ? 0 : head + message.length)
    .split("\n")
    .filter((line) => frame.test(line))
    .slice(0, framesLimit)
    .map((line) => line.trim())
}

const tagOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return typeof error
  if ("_tag" in error && typeof error._tag === "string") return error._tag
  return error instanceof Error ? error.name : "object"
}

/** Log fields for a cause: what died, what failed, in order. */
export const describeCause = (cause: Cause.Cause<unknown>): { readonly errors: ReadonlyArray<DescribedError> } => ({
  errors: cause.reasons
    .slice(0, causesLimit)
    .map((reason) =>
      reason._tag === "Interrupt"
        ? { name: "Interrupted", message: "" }
        : describeError(reason._tag === "Die" ? reason.defect : reason.error)
    )
})
