/** Unpacks requests about accounts and sessions, and calls the features. Nothing else. */
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Directory } from "../../users/Directory.ts"
import { DeferredSignUps } from "../../users/DeferredSignUps.ts"
import { Sessions } from "../../users/Sessions.ts"
import { UserNotFound } from "../../users/errors.ts"
import { UserId } from "../../users/User.ts"
import { Api } from "../Api.ts"
import { Authorization, CurrentPrincipal, operatorsOnly, TrustingAuthorization } from "../Authorization.ts"
import { respondSeen } from "../degraded.ts"
import { keptAnswer } from "../deferred/deferredAnswer.ts"
import { idempotencyKeyIfAny, keyOfAccount } from "../Idempotency.ts"
import { Cursors } from "../pages.ts"
import { RateLimits } from "../RateLimits.ts"
import { rates } from "../rates/Rate.ts"
import { created, linked, nextCursor, respond } from "../responses.ts"
import { respondTagged } from "../tags.ts"
import { User } from "../../users/User.ts"
import { Session, UserShown, UsersShown } from "./UsersApi.ts"

export const usersHandlers = HttpApiBuilder.group(
  Api,
  "users",
  Effect.fn(function* (handlers) {
    const signUps = yield* DeferredSignUps
    const directory = yield* Directory
    const cursors = yield* Cursors
    return handlers.handleAll({
      signUp: Effect.fnUntraced(function* ({ payload }) {
        const key = yield* idempotencyKeyIfAny
        const signedUp = yield* signUps.signUp(payload, key)
        if ("deferred" in signedUp) return yield* keptAnswer(signedUp, key)
        const { replayed, user } = signedUp
        const keyed = key === undefined ? {} : yield* keyOfAccount(replayed)
        return yield* respond(User, user, { status: 201, headers: { location: `/v1/users/${user.id}`, ...keyed } })
      }),
      me: Effect.fnUntraced(function* () {
        const { userId } = yield* CurrentPrincipal
        return yield* respondSeen(UserShown, "account", yield* directory.find(userId), (user) => user, respondTagged)
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        const principal = yield* CurrentPrincipal
        const mayAsk = principal.userId === params.id || principal.role === "operator"
        if (!mayAsk) return yield* new UserNotFound({ userId: params.id })
        return yield* respondSeen(UserShown, "account", yield* directory.find(params.id), (user) => user, respondTagged)
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        yield* operatorsOnly
        const { limit, after } = yield* cursors.read("users", query)
        const cursor = Option.getOrUndefined(Option.map(after, (last) => ({ ...last, id: UserId.make(last.id) })))
        const seen = yield* directory.list({ limit, cursor })
        const more = nextCursor(cursors, "users", seen.value.next)
        const show = (page: typeof seen.value) => ({ data: page.users, ...more })
        return yield* respondSeen(UsersShown, "accounts", seen, show, respondTagged).pipe(
          Effect.map(linked("/v1/users", limit, more.next_cursor))
        )
      })
    })
  })
).pipe(Layer.provide(TrustingAuthorization.layer))

export const sessionsHandlers = HttpApiBuilder.group(
  Api,
  "sessions",
  Effect.fn(function* (handlers) {
    const sessions = yield* Sessions
    const limits = yield* RateLimits
    return handlers.handleAll({
      logIn: Effect.fnUntraced(function* ({ payload }) {
        const { device, ...credentials } = payload
        // A flood of log ins from elsewhere is nothing to who was here before.
        if (!sessions.knowsDevice(payload.email, device)) yield* limits.count(rates.logIns, "all")
        const address = limits.addressOf(yield* HttpServerRequest.HttpServerRequest)
        const session = yield* sessions.logIn(credentials, { address, device })
        const shown = { ...session, token: Redacted.value(session.token), device: Redacted.value(session.device) }
        return yield* created(Session, shown, "/v1/sessions/current")
      }),
      logOut: () => Effect.flatMap(CurrentPrincipal, ({ sessionId }) => sessions.logOut(sessionId)),
      logOutEverywhere: () => Effect.flatMap(CurrentPrincipal, ({ userId }) => sessions.logOutEverywhere(userId))
    })
  })
).pipe(Layer.provide(Authorization.layer))
