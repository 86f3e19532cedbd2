/** What the operators' pages do: who is not signed in is sent to sign in, and who is no operator changes nothing. */
import { DateTime, Effect, Layer, Option } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Forbidden, RouteNotFound } from "../../errors.ts"
import { Explain } from "../../../ops/explain/Explain.ts"
import { OpsApi } from "../OpsApi.ts"
import { OperatorSessions } from "../OperatorSessions.ts"
import type { Operator } from "../OperatorTokens.ts"
import { OperatorUnknown } from "../errors.ts"
import { affected } from "./affected.ts"
import { changePage } from "./changePage.ts"
import { changes } from "./changes.ts"
import { Console } from "./Console.ts"
import { lookUpPage } from "./lookUpPage.ts"
import { opsPage, type Said } from "./opsPage.ts"
import { runbookPage } from "./runbookPage.ts"
import { cookieOfRequest, signInHandlers } from "./signInHandlers.ts"
import { streams } from "./stream.ts"

const toSignIn = HttpServerResponse.redirect("/ops/login", { status: 303 })
const toPage = (said: Said) => HttpServerResponse.redirect(`/ops?said=${said}`, { status: 303 })

export const pagesHandlers = HttpApiBuilder.group(
  OpsApi,
  "pages",
  Effect.fn(function* (handlers) {
    const sessions = yield* OperatorSessions
    const page = yield* Console
    const explain = yield* Explain
    const stream = yield* streams
    const { perform, preview } = yield* changes

    const browser = Effect.gen(function* () {
      const cookie = yield* cookieOfRequest
      const operator = Option.getOrUndefined(yield* sessions.operatorOf(cookie))
      return { cookie, operator }
    })
    const mayChange = (operator: Operator) =>
      operator.role === "operator" ? Effect.void : Effect.fail(new Forbidden())

    return handlers.handleAll({
      ...(yield* signInHandlers),
      page: Effect.fnUntraced(function* ({ query }) {
        const { cookie, operator } = yield* browser
        if (operator === undefined) return toSignIn
        return opsPage(yield* page.look, operator, sessions.csrfOf(cookie), query.said)
      }),
      stream: Effect.fnUntraced(function* () {
        const { operator } = yield* browser
        return operator === undefined ? yield* new OperatorUnknown() : yield* stream
      }),
      lookUp: Effect.fnUntraced(function* ({ query: { id } }) {
        const { operator } = yield* browser
        if (operator === undefined) return toSignIn
        const found = yield* explain.find(id.trim()).pipe(
          Effect.catchTags({
            NothingKnown: () => Effect.succeed("nothing" as const),
            DatabaseUnavailable: () => Effect.succeed("unavailable" as const),
            QueryTimeout: () => Effect.succeed("unavailable" as const)
          })
        )
        return lookUpPage(id, found, operator)
      }),
      runbook: Effect.fnUntraced(function* () {
        const { operator } = yield* browser
        if (operator === undefined) return toSignIn
        return Option.getOrUndefined(yield* runbookPage) ?? (yield* new RouteNotFound())
      }),
      asked: Effect.fnUntraced(function* ({ query }) {
        const { cookie, operator } = yield* browser
        if (operator === undefined) return toSignIn
        yield* mayChange(operator)
        const numbers = affected(query, yield* page.look)
        return changePage(query, yield* preview(query), numbers, sessions.csrfOf(cookie))
      }),
      changed: Effect.fnUntraced(function* ({ payload: { csrf, minutes, reason, ...wanted } }) {
        const { cookie, operator } = yield* browser
        if (operator === undefined) return toSignIn
        yield* mayChange(operator)
        if (!sessions.isCsrfOf(cookie, csrf)) return yield* new Forbidden()
        const until =
          minutes === undefined || minutes === ""
            ? undefined
            : DateTime.add(yield* DateTime.now, { minutes: Number(minutes) })
        return yield* perform(wanted, { actor: operator.name, reason, until }).pipe(
          Effect.andThen(page.lookAnew),
          Effect.as(toPage("done")),
          Effect.catchTag(["DatabaseUnavailable", "QueryTimeout"], () => Effect.succeed(toPage("unavailable")))
        )
      })
    })
  })
).pipe(Layer.provide(Console.layer))
