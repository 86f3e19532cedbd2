/** The contract of accounts and sessions: signing up, logging in and out, reading accounts. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api"
import { Email } from "../../users/Email.ts"
import { Password, PasswordAttempt } from "../../users/Password.ts"
import { Name, User, UserId } from "../../users/User.ts"
import { Authorization, TrustingAuthorization } from "../Authorization.ts"
import { degradable } from "../degraded.ts"
import { Deferred } from "../deferred/DeferredApi.ts"
import { PageQuery, pageOf } from "../pages.ts"
import { failsWith } from "../failsWith.ts"

export const Session = Schema.Struct({
  token: Schema.String,
  userId: UserId,
  /** To be kept, also after logging out, and shown at the next log in. */
  device: Schema.String,
  expiresAt: Schema.DateTimeUtcFromString
}).pipe(Schema.encodeKeys({ userId: "user_id", expiresAt: "expires_at" }), Schema.annotate({ identifier: "Session" }))

/** What an earlier log in answered; what is not one is none. */
const Device = Schema.RedactedFromValue(
  Schema.String.check(Schema.isMaxLength(200, { code: "too_long", message: "A device has at most 200 characters." }))
)

const always = ["DatabaseUnavailable", "QueryTimeout", "ValidationFailed", "MalformedRequest"] as const

/** A look at an account: it may be as it was known last. */
const seen = ["DatabaseUnavailable", "ValidationFailed"] as const
export const UserShown = Schema.Struct({ ...User.to.fields, ...degradable }).pipe(
  Schema.encodeKeys({ createdAt: "created_at" })
)
export const UsersShown = Schema.Struct({ ...pageOf(User).fields, ...degradable })

export const UsersApi = HttpApiGroup.make("users")
  .add(
    HttpApiEndpoint.get("me", "/v1/users/me", {
      success: UserShown,
      error: failsWith("UserNotFound", ...seen)
    }).middleware(TrustingAuthorization)
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/users/:id", {
      params: { id: UserId },
      success: UserShown,
      error: failsWith("UserNotFound", ...seen)
    }).middleware(TrustingAuthorization)
  )
  .add(
    HttpApiEndpoint.get("list", "/v1/users", {
      query: PageQuery,
      success: UsersShown,
      error: failsWith("Forbidden", ...seen)
    }).middleware(TrustingAuthorization)
  )
  .add(
    HttpApiEndpoint.post("signUp", "/v1/users", {
      payload: Schema.Struct({ email: Email, password: Password, name: Name }),
      success: [User.pipe(HttpApiSchema.status(201)), Deferred.pipe(HttpApiSchema.status(202))],
      error: failsWith(
        "EmailTaken",
        "SignUpKeyReused",
        "IdempotencyKeyMissing",
        "IdempotencyKeyInvalid",
        "FeatureDisabled",
        "HashingOverloaded",
        "RateLimited",
        ...always
      )
    })
  )

export const SessionsApi = HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.post("logIn", "/v1/sessions", {
      payload: Schema.Struct({ email: Email, password: PasswordAttempt, device: Schema.optionalKey(Device) }),
      success: Session.pipe(HttpApiSchema.status(201)),
      error: failsWith("InvalidCredentials", "TooManyLogInAttempts", "HashingOverloaded", "RateLimited", ...always)
    })
  )
  .add(
    HttpApiEndpoint.delete("logOut", "/v1/sessions/current", {
      success: HttpApiSchema.NoContent,
      error: failsWith("DatabaseUnavailable", "QueryTimeout")
    }).middleware(Authorization)
  )
  .add(
    HttpApiEndpoint.delete("logOutEverywhere", "/v1/sessions", {
      success: HttpApiSchema.NoContent,
      error: failsWith("DatabaseUnavailable", "QueryTimeout")
    }).middleware(Authorization)
  )
