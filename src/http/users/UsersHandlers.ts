/** Unpacks requests about accounts and sessions, and calls the features. Nothing else. */
import { Effect, Layer, Option, Redacted } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { Directory } from "../../users/Directory.ts"
import { Sessions } from "../../users/Sessions.ts"
import { UserId } from "../../users/User.ts"
import { Users } from "../../users/Users.ts"
import { Api } from "../Api.ts"
import { Authorization, CurrentPrincipal, operatorsOnly, TrustingAuthorization } from "../Authorization.ts"
import { respondSeen } from "../degraded.ts"
import { Forbidden } from "../errors.ts"
import { Cursors } from "../pages.ts"
import { created, nextCursor } from "../responses.ts"
import { User } from "../../users/User.ts"
import { Session, UserShown, UsersShown } from "./UsersApi.ts"

export const usersHandlers = HttpApiBuilder.group(
  Api,
  "users",
  Effect.fn(function* (handlers) {
    const users = yield* Users
    const directory = yield* Directory
    const cursors = yield* Cursors
    return handlers.handleAll({
      signUp: ({ payload }) =>
        Effect.flatMap(users.signUp(payload), (user) => created(User, user, `/v1/users/${user.id}`)),
      me: Effect.fnUntraced(function* () {
        const { userId } = yield* CurrentPrincipal
        return yield* respondSeen(UserShown, "account", yield* directory.find(userId), (user) => user)
      }),
      get: Effect.fnUntraced(function* ({ params }) {
        const principal = yield* CurrentPrincipal
        if (principal.userId !== params.id && principal.role !== "operator") return yield* new Forbidden()
        return yield* respondSeen(UserShown, "account", yield* directory.find(params.id), (user) => user)
      }),
      list: Effect.fnUntraced(function* ({ query }) {
        yield* operatorsOnly
        const { limit, after } = yield* cursors.read("users", query)
        const cursor = Option.getOrUndefined(Option.map(after, (last) => ({ ...last, id: UserId.make(last.id) })))
        return yield* respondSeen(UsersShown, "accounts", yield* directory.list({ limit, cursor }), (page) => ({
          data: page.users,
          ...nextCursor(cursors, "users", page.next)
        }))
      })
    })
  })
).pipe(Layer.provide(TrustingAuthorization.layer))

export const sessionsHandlers = HttpApiBuilder.group(
  Api,
  "sessions",
  Effect.fn(function* (handlers) {
    const sessions = yield* Sessions
    return handlers.handleAll({
      logIn: Effect.fnUntraced(function* ({ payload }) {
        const session = yield* sessions.logIn(payload)
        const shown = { ...session, token: Redacted.value(session.token) }
        return yield* created(Session, shown, "/v1/sessions/current")
      }),
      logOut: () => Effect.flatMap(CurrentPrincipal, ({ sessionId }) => sessions.logOut(sessionId)),
      logOutEverywhere: () => Effect.flatMap(CurrentPrincipal, ({ userId }) => sessions.logOutEverywhere(userId))
    })
  })
).pipe(Layer.provide(Authorization.layer))
