/**
 * Every field of a request that is not valid, over all its slots, in one answer.
 *
 * The API's decoder stops at the first slot that fails (path, headers, query, then payload). Here, on that path only,
 * the slots behind it are decoded as well. What was sent is never repeated; at most 100 fields are named. An Idempotency-Key that is missing or wrong is one of them; if it is all
 * that is wrong, it has a problem of its own.
 */
import { Context, Effect, Result, Schema, SchemaIssue } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { HttpApiError, type HttpApiEndpoint } from "effect/http-api"
import { type FieldError, MalformedRequest, ValidationFailed } from "./errors.ts"
import type { ParameterName } from "./documentation/headers.ts"
import { keyFieldErrors } from "./Idempotency.ts"
import { parseOptions, payloadParseOptions } from "./parsing.ts"

const mostFields = 100

type Slot = FieldError["in"]
const slots = { Params: "path", Headers: "headers", Query: "query", Payload: "payload" } as const
const order: ReadonlyArray<Slot> = ["path", "headers", "query", "payload"]

/** The refusal for a request that did not decode; undefined for any other failure. `reads`: the headers of the operation. */
export const fieldErrorsOf = Effect.fnUntraced(function* (
  failure: unknown,
  endpoint: HttpApiEndpoint.Top,
  reads: ReadonlyArray<ParameterName> = []
) {
  if (!HttpApiError.HttpApiSchemaError.is(failure)) return undefined
  if (failure.kind === "Body" || failure.kind === "ResponseHeaders") return undefined
  const first = slots[failure.kind]
  if (first === "payload" && isNotJson(failure.cause.issue)) return new MalformedRequest({ reason: "not_json" })
  const errors = (yield* lacksBody(first)) ? [noBody] : fieldsOf(failure.cause.issue, first)
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  if (reads.some((name) => name.startsWith("Idempotency-Key")))
    errors.push(...keyFieldErrors(headers["idempotency-key"], reads.includes("Idempotency-Key")))
  for (const slot of order.slice(order.indexOf(first) + 1)) {
    const decoded = yield* decodeSlot(slot, endpoint)
    if (decoded === "not_json") return new MalformedRequest({ reason: "not_json" })
    if (decoded !== undefined) errors.push(...((yield* lacksBody(slot)) ? [noBody] : fieldsOf(decoded, slot)))
  }
  return new ValidationFailed({ errors: errors.slice(0, mostFields), truncated: errors.length > mostFields })
})

const noBody: FieldError = { in: "payload", pointer: "", code: "required", message: "A JSON body is required." }

const lacksBody = Effect.fnUntraced(function* (slot: Slot) {
  if (slot !== "payload") return false
  const request = yield* HttpServerRequest.HttpServerRequest
  return (yield* Effect.orDie(request.text)) === ""
})

/** The issue of a slot that nobody has looked at yet. */
const decodeSlot = Effect.fnUntraced(function* (slot: Slot, endpoint: HttpApiEndpoint.Top) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const context = yield* Effect.context<never>()
  if (slot === "payload") return yield* decodePayload(request, endpoint)
  const [schema, input] =
    slot === "headers"
      ? [endpoint.headers, request.headers]
      : slot === "query"
        ? [endpoint.query, Context.getUnsafe(context, HttpServerRequest.ParsedSearchParams)]
        : [endpoint.params, Context.getUnsafe(context, HttpRouter.RouteContext).params]
  if (schema === undefined) return undefined
  return yield* issueOf(slot === "query" ? Schema.toCodecArrayFromSingle(schema) : schema, input, parseOptions)
})

const decodePayload = Effect.fnUntraced(function* (
  request: HttpServerRequest.HttpServerRequest,
  endpoint: HttpApiEndpoint.Top
) {
  const accepted = endpoint.payload.get("application/json")
  if (accepted === undefined || request.method === "GET") return undefined
  const text = yield* Effect.orDie(request.text)
  const parsed = Result.try(() => (text === "" ? undefined : (JSON.parse(text) as unknown)))
  if (Result.isFailure(parsed)) return "not_json" as const
  return yield* issueOf(Schema.Union(accepted.schemas), parsed.success, payloadParseOptions)
})

const issueOf = (schema: Schema.Top, input: unknown, options: typeof parseOptions) =>
  Effect.map(
    Effect.result(Schema.decodeUnknownEffect(schema as Schema.Codec<unknown>, options)(input)),
    (result): SchemaIssue.Issue | undefined => (Result.isFailure(result) ? result.failure.issue : undefined)
  )

/** The library says so in words only; its message is the same for every body that is not JSON. */
const isNotJson = (issue: SchemaIssue.Issue): boolean =>
  issue._tag === "InvalidValue" && issue.annotations?.["message"] === "Expected a valid JSON body"

const fieldsOf = (issue: SchemaIssue.Issue, slot: Slot): Array<FieldError> => {
  const found: Array<FieldError> = []
  const walk = (at: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>, check: Said): void => {
    switch (at._tag) {
      case "Pointer":
        return walk(at.issue, [...path, ...at.path], check)
      case "Encoding":
        return walk(at.issue, path, check)
      case "Filter":
        return walk(at.issue, path, check ?? saidBy(at.filter.annotations))
      case "Composite":
        return at.issues.forEach((inner) => walk(inner, path, check))
      case "AnyOf":
        return at.issues.length > 0
          ? at.issues.forEach((inner) => walk(inner, path, check))
          : void found.push(fieldError(at, path, slot, check))
      default:
        found.push(fieldError(at, path, slot, check))
    }
  }
  walk(issue, [], undefined)
  return unique(found)
}

/** What a check says of itself: its code, and what it wants. */
type Said = { readonly code: string | undefined; readonly message: string | undefined } | undefined
const saidBy = (annotations: Readonly<Record<string, unknown>> | undefined): Said => {
  const text = (key: string) => (typeof annotations?.[key] === "string" ? annotations[key] : undefined)
  return { code: text("code"), message: text("message") ?? expected(text("expected")) }
}
const expected = (what: string | undefined) => (what === undefined ? undefined : `Expected ${what}.`)

const fieldError = (
  issue: SchemaIssue.Leaf | SchemaIssue.AnyOf,
  path: ReadonlyArray<PropertyKey>,
  slot: Slot,
  check: Said
): FieldError => {
  const said = check ?? saidBy("annotations" in issue ? issue.annotations : undefined)
  // A payload is one of several shapes; what is no object at all is none of them, and none of them says so.
  const [code, message] = kinds[issue._tag === "AnyOf" && path.length === 0 ? "InvalidType" : issue._tag]
  return {
    in: slot,
    pointer: path.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
    code: said?.code ?? code,
    message: said?.message ?? (issue._tag === "InvalidType" ? typeMessage(issue) : message)
  }
}

const kinds: Record<(SchemaIssue.Leaf | SchemaIssue.AnyOf)["_tag"], readonly [code: string, message: string]> = {
  MissingKey: ["required", "This field is required."],
  UnexpectedKey: ["unknown_member", "There is no such field."],
  InvalidType: ["invalid_type", "This is not of the right type."],
  InvalidValue: ["invalid_value", "This value is not valid."],
  Forbidden: ["invalid_value", "This value is not valid."],
  OneOf: ["invalid_value", "This value is not valid."],
  AnyOf: ["invalid_value", "This value is not valid."]
}

const typeMessage = (issue: SchemaIssue.InvalidType): string => {
  const { message } = SchemaIssue.makeFormatterStandardSchemaV1()(issue).issues[0] ?? { message: kinds.InvalidType[1] }
  return `${message}.`
}

/** A union reports the same field once a member. */
const unique = (errors: ReadonlyArray<FieldError>): Array<FieldError> => [
  ...new Map(errors.map((error) => [`${error.pointer} ${error.code}`, error])).values()
]
