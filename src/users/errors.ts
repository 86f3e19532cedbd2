/**
 * How the accounts say no. Each is a fact that a caller can act on; none carries an address, a name, a password or a
 * token.
 *
 * `InvalidCredentials` is one answer for an unknown address and a wrong password, on purpose.
 * `Unauthenticated.reason` is for logs and metrics: callers see the same refusal whatever it is.
 */
import { Schema } from "effect"
import { UserId } from "./User.ts"

export class EmailTaken extends Schema.TaggedError<EmailTaken>()("EmailTaken", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "Email already in use: log in, or sign up with another address."
  }
}

export class SignUpKeyReused extends Schema.TaggedError<SignUpKeyReused>()("SignUpKeyReused", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "This idempotency key was used for another sign up: take a new key for a new account."
  }
}

export class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", { userId: UserId }) {
  readonly category = "permanent" as const
  override get message() {
    return "There is no such user: check the id."
  }
}

export class InvalidCredentials extends Schema.TaggedError<InvalidCredentials>()("InvalidCredentials", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "The email address and the password do not belong together: check both."
  }
}

export class TooManyLogInAttempts extends Schema.TaggedError<TooManyLogInAttempts>()("TooManyLogInAttempts", {
  retryAfterSeconds: Schema.Finite
}) {
  readonly category = "transient" as const
  override get message() {
    return "Too many log ins to this account have failed: try again later, or from a device that it was used on before."
  }
}

export class Unauthenticated extends Schema.TaggedError<Unauthenticated>()("Unauthenticated", {
  reason: Schema.Literals(["token_invalid", "token_expired", "session_unknown", "session_revoked", "session_idle"])
}) {
  readonly category = "permanent" as const
  override get message() {
    return "The session is not, or no longer, valid: log in again."
  }
}

export class HashingOverloaded extends Schema.TaggedError<HashingOverloaded>()("HashingOverloaded", {
  retryAfterSeconds: Schema.Int
}) {
  readonly category = "transient" as const
  override get message() {
    return "Too many people are signing up or logging in at this moment: try again shortly."
  }
}
