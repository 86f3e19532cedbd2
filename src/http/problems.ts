/**
 * THE TABLE: the one place where an error becomes an HTTP answer.
 *
 * Each error tag has exactly one row: its code, status and title, how it may be repeated, and which of its fields a
 * client sees. A tag without a row does not compile. Endpoints name the tags that they may fail with (`failsWith`), and
 * a handler that can fail with another does not compile either. Whatever is not here leaves as a 500 without detail.
 */
import { Duration } from "effect"
import type { AppError } from "../errors.ts"
import type { FieldError } from "./errors.ts"
import { orderTag } from "./orders/orderTag.ts"
import type { Problem } from "./Problem.ts"

export type Tag = AppError["_tag"]
export type ErrorOf<T extends Tag> = Extract<AppError, { readonly _tag: T }>

export interface Row<E> {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly retry: Problem["retry"]
  /** What of the error a client sees. Nothing unless given. */
  readonly shows?: (
    error: E
  ) => Partial<Pick<Problem, "errors" | "errors_truncated" | "checks" | "reason" | "resource" | "side_effects">>
  /** Seconds to wait before a repeat; every 429 and 503 has it. */
  readonly retryAfterSeconds?: (error: E) => number
  readonly headers?: (error: E) => Readonly<Record<string, string>>
}

const orderPath = (id: string) => `/v1/orders/${id}`
const inPayload = (pointer: string, code: string, message: string): FieldError => ({
  in: "payload",
  pointer,
  code,
  message
})

export const problems: { readonly [T in Tag]: Row<ErrorOf<T>> } = {
  // 400
  MalformedRequest: {
    code: "malformed_request",
    status: 400,
    title: "The request cannot be read",
    retry: "after_change",
    shows: ({ reason }) => ({ reason })
  },
  WebhookUnreadable: {
    code: "malformed_request",
    status: 400,
    title: "The request cannot be read",
    retry: "after_change"
  },
  ValidationFailed: {
    code: "validation_failed",
    status: 400,
    title: "Some fields are not valid",
    retry: "after_change",
    shows: ({ errors, truncated }) => ({ errors, ...(truncated ? { errors_truncated: true } : {}) })
  },
  IdempotencyKeyMissing: {
    code: "idempotency_key_missing",
    status: 400,
    title: "An Idempotency-Key is required",
    retry: "after_change"
  },
  IdempotencyKeyInvalid: {
    code: "idempotency_key_invalid",
    status: 400,
    title: "The Idempotency-Key is not valid",
    retry: "after_change"
  },
  // 401 to 404
  Unauthenticated: {
    code: "unauthenticated",
    status: 401,
    title: "Authentication is required",
    retry: "after_change",
    headers: () => ({ "www-authenticate": "Bearer" })
  },
  OperatorUnknown: {
    code: "unauthenticated",
    status: 401,
    title: "Authentication is required",
    retry: "after_change",
    headers: () => ({ "www-authenticate": "Bearer" })
  },
  InvalidCredentials: {
    code: "invalid_credentials",
    status: 401,
    title: "Invalid email or password",
    retry: "after_change",
    headers: () => ({ "www-authenticate": "Bearer" })
  },
  WebhookSignatureRefused: {
    code: "unauthenticated",
    status: 401,
    title: "Authentication is required",
    retry: "after_change",
    shows: ({ reason }) => ({ reason: `signature_${reason}` }),
    headers: () => ({ "www-authenticate": "Stripe-Signature" })
  },
  OrderPaymentDeclined: {
    code: "payment_declined",
    status: 402,
    title: "The payment was declined",
    retry: "new_key",
    shows: ({ orderId, reason }) => ({ side_effects: "committed", resource: orderPath(orderId), reason })
  },
  Forbidden: { code: "forbidden", status: 403, title: "Not allowed", retry: "never" },
  RouteNotFound: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  UserNotFound: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  ProductNotFound: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  OrderNotFound: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  DeadLetterNotFound: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  ReplayNotFound: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  NothingKnown: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  SwitchTargetUnknown: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  DeferredNotFound: { code: "not_found", status: 404, title: "Not found", retry: "never" },
  MethodNotAllowed: {
    code: "method_not_allowed",
    status: 405,
    title: "Method not allowed",
    retry: "never",
    headers: ({ allow }) => ({ allow: allow.join(", ") })
  },
  NotAcceptable: {
    code: "not_acceptable",
    status: 406,
    title: "No answer of an accepted media type",
    retry: "after_change"
  },
  RequestTimeout: {
    code: "request_timeout",
    status: 408,
    title: "The request did not arrive in time",
    retry: "same_key",
    headers: () => ({ connection: "close" })
  },
  // 409
  EmailTaken: { code: "email_taken", status: 409, title: "Email already in use", retry: "after_change" },
  InsufficientStock: {
    code: "insufficient_stock",
    status: 409,
    title: "Some items are no longer available",
    retry: "after_change",
    shows: ({ orderId, lines }) => ({
      side_effects: "committed",
      resource: orderPath(orderId),
      errors: lines.map(({ position, requested, available }) =>
        inPayload(`/lines/${position}/quantity`, "insufficient_stock", `${requested} requested, ${available} available`)
      )
    })
  },
  OrderStateConflict: {
    code: "order_state_conflict",
    status: 409,
    title: "The order's state does not allow this",
    retry: "after_change",
    shows: ({ status }) => ({ reason: status })
  },
  PriceChanged: {
    code: "price_changed",
    status: 409,
    title: "The price has changed",
    retry: "after_change",
    shows: ({ currency, expected, total }) => ({
      errors: [inPayload("/expected_total", "price_changed", `${expected} expected, ${total} ${currency} now`)]
    })
  },
  // Only inside of a deferred write. Nothing of it is kept under its key.
  DeferredExpired: { code: "expired", status: 409, title: "Handed in too long ago", retry: "same_key" },
  IdempotencyInFlight: {
    code: "idempotency_in_flight",
    status: 409,
    title: "The first request with this key is still at work",
    retry: "same_key"
  },
  // 413 to 422
  OrderVersionDiffers: {
    code: "precondition_failed",
    status: 412,
    title: "The order has changed since it was read",
    retry: "after_change",
    headers: (order) => ({ etag: orderTag(order) })
  },
  PayloadTooLarge: {
    code: "payload_too_large",
    status: 413,
    title: "The body is too large",
    retry: "after_change",
    headers: () => ({ connection: "close" })
  },
  UriTooLong: {
    code: "uri_too_long",
    status: 414,
    title: "The path is too long",
    retry: "after_change",
    headers: () => ({ connection: "close" })
  },
  UnsupportedMediaType: {
    code: "unsupported_media_type",
    status: 415,
    title: "The media type is not supported",
    retry: "after_change",
    headers: () => ({ "accept-post": "application/json", "accept-encoding": "identity" })
  },
  IdempotencyKeyReused: {
    code: "idempotency_key_reused",
    status: 422,
    title: "The Idempotency-Key was used for another request",
    retry: "new_key"
  },
  SignUpKeyReused: {
    code: "idempotency_key_reused",
    status: 422,
    title: "The Idempotency-Key was used for another request",
    retry: "new_key"
  },
  UnknownSkus: {
    code: "unknown_reference",
    status: 422,
    title: "Something that the request names does not exist",
    retry: "after_change",
    shows: ({ positions }) => ({
      errors: positions.map((position) =>
        inPayload(`/lines/${position}/sku`, "unknown_reference", "There is no such product.")
      )
    })
  },
  DiscountNotApplicable: {
    code: "business_rule_violated",
    status: 422,
    title: "A rule of the shop forbids this",
    retry: "after_change",
    shows: ({ reason, message }) => ({ errors: [inPayload("/discount_code", `discount_${reason}`, message)] })
  },
  MixedCurrencies: {
    code: "business_rule_violated",
    status: 422,
    title: "A rule of the shop forbids this",
    retry: "after_change",
    shows: ({ message }) => ({ errors: [inPayload("/lines", "mixed_currencies", message)] })
  },
  ImportRefused: {
    code: "business_rule_violated",
    status: 422,
    title: "A rule of the shop forbids this",
    retry: "after_change",
    shows: ({ message, reason }) => ({ errors: [inPayload("", reason, message)] })
  },
  TotalNotPayable: {
    code: "business_rule_violated",
    status: 422,
    title: "A rule of the shop forbids this",
    retry: "after_change",
    shows: ({ message }) => ({ errors: [inPayload("/lines", "total_not_payable", message)] })
  },
  RefundTooLarge: {
    code: "business_rule_violated",
    status: 422,
    title: "A rule of the shop forbids this",
    retry: "after_change",
    shows: ({ message }) => ({ errors: [inPayload("/amount", "refund_too_large", message)] })
  },
  // 428
  PreconditionRequired: {
    code: "precondition_required",
    status: 428,
    title: "An If-Match is required",
    retry: "after_change"
  },
  RateLimited: {
    code: "rate_limited",
    status: 429,
    title: "Too many requests",
    retry: "same_key",
    shows: ({ limit }) => ({ reason: limit }),
    retryAfterSeconds: (error) => Math.max(1, error.retryAfterSeconds)
  },
  TooManyLogInAttempts: {
    code: "too_many_login_attempts",
    status: 429,
    title: "Too many failed log ins",
    retry: "same_key",
    shows: () => ({ reason: "account" }),
    retryAfterSeconds: (error) => Math.max(1, error.retryAfterSeconds)
  },
  HeadersTooLarge: {
    code: "headers_too_large",
    status: 431,
    title: "The headers are too large",
    retry: "after_change",
    headers: () => ({ connection: "close" })
  },
  // 500 and above
  Unexpected: {
    code: "internal_error",
    status: 500,
    title: "Internal error",
    retry: "same_key",
    shows: () => ({ side_effects: "unknown" })
  },
  DeferredDiscarded: { code: "internal_error", status: 500, title: "Internal error", retry: "same_key" },
  DatabaseUnavailable: {
    code: "database_unavailable",
    status: 503,
    title: "Temporarily unavailable",
    retry: "same_key",
    shows: ({ outcome }) => ({ side_effects: outcome }),
    retryAfterSeconds: (error) => error.retryAfterSeconds
  },
  DeferredElsewhere: {
    code: "database_unavailable",
    status: 503,
    title: "Temporarily unavailable",
    retry: "same_key",
    retryAfterSeconds: () => 5
  },
  FeatureDisabled: {
    code: "feature_disabled",
    status: 503,
    title: "Switched off for now",
    retry: "same_key",
    retryAfterSeconds: ({ retryAfter }) => Math.max(1, Duration.toSeconds(retryAfter))
  },
  HashingOverloaded: {
    code: "overloaded",
    status: 503,
    title: "Too much at once",
    retry: "same_key",
    retryAfterSeconds: (error) => error.retryAfterSeconds
  },
  NodeOverloaded: {
    code: "overloaded",
    status: 503,
    title: "Too much at once",
    retry: "same_key",
    retryAfterSeconds: (error) => error.retryAfterSeconds
  },
  Draining: {
    code: "draining",
    status: 503,
    title: "This node is shutting down",
    retry: "same_key",
    // It was under way, and nobody saw how far it had come.
    shows: () => ({ side_effects: "unknown" }),
    retryAfterSeconds: () => 1,
    headers: () => ({ connection: "close" })
  },
  NodeNotReady: {
    code: "database_unavailable",
    status: 503,
    title: "Temporarily unavailable",
    retry: "same_key",
    shows: ({ checks }) => ({ checks }),
    retryAfterSeconds: () => 1
  },
  NodeDraining: {
    code: "draining",
    status: 503,
    title: "This node is shutting down",
    retry: "same_key",
    shows: ({ checks }) => ({ checks }),
    retryAfterSeconds: () => 1,
    headers: () => ({ connection: "close" })
  },
  DeadlinePassed: {
    code: "upstream_timeout",
    status: 504,
    title: "No answer in time",
    retry: "same_key",
    shows: () => ({ side_effects: "unknown" })
  },
  QueryTimeout: { code: "query_timeout", status: 504, title: "This took too long", retry: "same_key" }
}

/** The row of an error, if it is one that a caller may see. */
export const rowOf = (error: unknown): Row<AppError> | undefined =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  typeof error._tag === "string" &&
  Object.hasOwn(problems, error._tag)
    ? // One row knows the fields of its own tag; that it is given no other is what the mapped type above holds.
      (problems[error._tag as Tag] as unknown as Row<AppError>)
    : undefined
