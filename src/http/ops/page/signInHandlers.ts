/** Signing in with a token or a link that holds once, and signing out. */
import { Duration, Effect, Option, Redacted } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { Forbidden } from "../../errors.ts"
import { cookieLasts, cookieName, OperatorSessions, SecureCookies } from "../OperatorSessions.ts"
import { type Refused, signInPage } from "./signInPage.ts"

/** Slows whoever tries tokens one after the other; who mistyped hardly notices. */
const refusedAfter = Duration.millis(500)

const page = "/ops"
const attributes = { httpOnly: true, sameSite: "strict", path: page } as const

/** The cookie of the browser, or nothing. */
export const cookieOfRequest = Effect.map(
  HttpServerRequest.HttpServerRequest,
  ({ cookies }) => cookies[cookieName] ?? ""
)

interface Asked {
  readonly query: { readonly code?: string; readonly refused?: Refused }
}

export const signInHandlers = Effect.gen(function* () {
  const sessions = yield* OperatorSessions
  const secure = yield* SecureCookies

  const enter = (cookie: string) =>
    HttpServerResponse.setCookieUnsafe(HttpServerResponse.redirect(page, { status: 303 }), cookieName, cookie, {
      ...attributes,
      secure,
      maxAge: cookieLasts
    })
  const enterOr = (cookie: Option.Option<string>, refused: Refused) =>
    Option.match(cookie, {
      onSome: (value) => Effect.succeed(enter(value)),
      onNone: () => {
        const again = HttpServerResponse.redirect(`${page}/login?refused=${refused}`, { status: 303 })
        return Effect.delay(Effect.succeed(again), refusedAfter)
      }
    })

  return {
    signInForm: Effect.fnUntraced(function* ({ query: { code, refused } }: Asked) {
      if (code === undefined) return signInPage(refused)
      return yield* enterOr(yield* sessions.signInOnce(code), "link")
    }),
    signIn: Effect.fnUntraced(function* ({ payload }: { readonly payload: { readonly token: string } }) {
      const cookie = yield* sessions.signIn(Redacted.make(payload.token))
      return yield* enterOr(cookie, "token")
    }),
    signOut: Effect.fnUntraced(function* ({ payload }: { readonly payload: { readonly csrf: string } }) {
      if (!sessions.isCsrfOf(yield* cookieOfRequest, payload.csrf)) return yield* new Forbidden()
      const response = HttpServerResponse.redirect(`${page}/login`, { status: 303 })
      return HttpServerResponse.setCookieUnsafe(response, cookieName, "", { ...attributes, secure, maxAge: 0 })
    })
  }
})
