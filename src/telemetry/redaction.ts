/**
 * What may be said of a failure: its name, its codes, where in the code it happened. Never what it was about.
 *
 * A message from outside (a driver, a provider, a parser) may quote a person's data, so it is only kept after addresses,
 * tokens, card numbers and keys are taken out of it, and it is cut short. Stack lines are kept, their head line is not.
 */
import { Cause, Redacted } from "effect"

const messageLimit = 300
const framesLimit = 12
const causesLimit = 4

const personal: ReadonlyArray<readonly [RegExp, string]> = [
  [/[^\s"'<>(),;:=]+@[^\s"'<>(),;:]+/g, "<email>"],
  [/\b(?:\d[ -]?){12,19}\b/g, "<number>"],
  [/\b(?:sess|sk|rk|whsec|re|pk)_[\w.~-]+/g, "<secret>"],
  [/\b(bearer|basic)\s+[\w.~+/=-]+/gi, "$1 <secret>"],
  [/\b(postgres(?:ql)?|redis|https?):\/\/[^\s"']+/gi, "<url>"],
  [/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, "<text>"]
]

/** The text without what looks like a person's data or a secret, at most 300 characters. */
export const scrub = (text: string): string =>
  personal
    .reduce((rest, [pattern, name]) => rest.replace(pattern, name), text.slice(0, messageLimit * 4))
    .slice(0, messageLimit)

/** Keys whose values are never logged, whoever logs them. */
const secretKey = /password|secret|token|authorization|cookie|email|address|card|api_?key/i

/** A value for a log line: secrets and personal keys redacted at any depth, bigint as text, depth and width bounded. */
export const redact = (value: unknown, depth = 0): unknown => {
  if (Redacted.isRedacted(value)) return "<redacted>"
  if (typeof value === "bigint") return value.toString()
  if (typeof value === "string") return value.length > 2_000 ? value.slice(0, 2_000) : value
  if (typeof value !== "object" || value === null) return value
  if (depth > 5) return "<deep>"
  if (value instanceof Date) return value.toISOString()
  if (Cause.isCause(value)) return describeCause(value)
  if (value instanceof Error) return describeError(value)
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 50)
      .map(([key, item]) => [
        key,
        secretKey.test(key) && typeof item !== "number" ? "<redacted>" : redact(item, depth + 1)
      ])
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
  const frames = (error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s*at /.test(line))
    .slice(0, framesLimit)
    .map((line) => line.trim())
  return {
    name: tagOf(error),
    message: scrub(error.message),
    ...(frames.length > 0 ? { stack: frames } : {}),
    ...(error.cause !== undefined && depth < causesLimit ? { cause: describeError(error.cause, depth + 1) } : {})
  }
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
