/**
 * What the door itself refuses, before or after any feature has a say.
 *
 * A field error names where and what kind, and says in words what is expected; it never repeats what was sent.
 */
import { Schema } from "effect"

export const FieldError = Schema.Struct({
  in: Schema.Literals(["path", "query", "headers", "payload"]),
  /** JSON Pointer (RFC 6901) from the root of that slot; "" is all of it. */
  pointer: Schema.String,
  code: Schema.String,
  message: Schema.String
})
export type FieldError = typeof FieldError.Type

export class ValidationFailed extends Schema.TaggedError<ValidationFailed>()("ValidationFailed", {
  errors: Schema.Array(FieldError),
  truncated: Schema.Boolean
}) {
  readonly category = "permanent" as const
  override get message() {
    return "Some fields are not valid: correct each that is listed, and send the request again."
  }
}

export class MalformedRequest extends Schema.TaggedError<MalformedRequest>()("MalformedRequest", {
  reason: Schema.Literals(["not_json", "bad_encoding", "bad_framing", "too_deep", "too_many_values"])
}) {
  readonly category = "permanent" as const
  override get message() {
    return "The request cannot be read: check its syntax and encoding."
  }
}

export class IdempotencyKeyMissing extends Schema.TaggedError<IdempotencyKeyMissing>()("IdempotencyKeyMissing", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "This request needs an Idempotency-Key header: make one for each intent, and keep it for every repeat."
  }
}

export class IdempotencyKeyInvalid extends Schema.TaggedError<IdempotencyKeyInvalid>()("IdempotencyKeyInvalid", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "An Idempotency-Key is 8 to 255 visible ASCII characters."
  }
}

export class Forbidden extends Schema.TaggedError<Forbidden>()("Forbidden", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "This account may not do this."
  }
}

export class RouteNotFound extends Schema.TaggedError<RouteNotFound>()("RouteNotFound", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "There is nothing at this path: check its spelling."
  }
}

export class MethodNotAllowed extends Schema.TaggedError<MethodNotAllowed>()("MethodNotAllowed", {
  allow: Schema.Array(Schema.String)
}) {
  readonly category = "permanent" as const
  override get message() {
    return "This path does not know this method: the Allow header names those that it knows."
  }
}

export class PreconditionRequired extends Schema.TaggedError<PreconditionRequired>()("PreconditionRequired", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "Say in If-Match which version you saw: send the ETag of the order as you read it."
  }
}

export class PayloadTooLarge extends Schema.TaggedError<PayloadTooLarge>()("PayloadTooLarge", {
  limitBytes: Schema.Int
}) {
  readonly category = "permanent" as const
  override get message() {
    return `A body has at most ${this.limitBytes} bytes: send less.`
  }
}

export class UnsupportedMediaType extends Schema.TaggedError<UnsupportedMediaType>()("UnsupportedMediaType", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "Only application/json is understood here, not compressed: send that, with a Content-Type that says so."
  }
}

export class Unexpected extends Schema.TaggedError<Unexpected>()("Unexpected", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "Something went wrong on our side, and has been reported. Repeat the request with the same key."
  }
}

export class Draining extends Schema.TaggedError<Draining>()("Draining", {}) {
  readonly category = "transient" as const
  override get message() {
    return "This node is shutting down: repeat the request with the same key, on a new connection."
  }
}

export class RequestTimeout extends Schema.TaggedError<RequestTimeout>()("RequestTimeout", {}) {
  readonly category = "transient" as const
  override get message() {
    return "The request did not arrive in time: send it again, with the same key."
  }
}

export class DeadlinePassed extends Schema.TaggedError<DeadlinePassed>()("DeadlinePassed", {}) {
  readonly category = "transient" as const
  override get message() {
    return "There was no answer in time. Repeat the request with the same key."
  }
}

export class NodeOverloaded extends Schema.TaggedError<NodeOverloaded>()("NodeOverloaded", {
  retryAfterSeconds: Schema.Finite
}) {
  readonly category = "transient" as const
  override get message() {
    return "There is too much to do at once: nothing was done. Repeat the request with the same key, a little later."
  }
}

export class UriTooLong extends Schema.TaggedError<UriTooLong>()("UriTooLong", { limitBytes: Schema.Int }) {
  readonly category = "permanent" as const
  override get message() {
    return `A path with its query has at most ${this.limitBytes} bytes: send less.`
  }
}

export class NotAcceptable extends Schema.TaggedError<NotAcceptable>()("NotAcceptable", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "Answers here are application/json: accept that, or leave the Accept header out."
  }
}

export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  limit: Schema.Literals(["address", "orders", "sign_up", "log_in", "log_ins"]),
  retryAfterSeconds: Schema.Finite
}) {
  readonly category = "transient" as const
  override get message() {
    return "There were too many requests in a short time: nothing was done. Repeat this one with the same key, later."
  }
}

export class HeadersTooLarge extends Schema.TaggedError<HeadersTooLarge>()("HeadersTooLarge", {
  limitBytes: Schema.Int
}) {
  readonly category = "permanent" as const
  override get message() {
    return `The headers have at most ${this.limitBytes} bytes, and are at most 100: send less.`
  }
}
