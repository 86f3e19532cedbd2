/** What the operators' pages do. */
import { Effect, Option } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { OpsApi } from "../OpsApi.ts"
import { OperatorSessions } from "../OperatorSessions.ts"
import { document } from "./document.ts"
import { html } from "./html.ts"
import { cookieOfRequest, signInHandlers } from "./signInHandlers.ts"

const toSignIn = HttpServerResponse.redirect("/ops/login", { status: 303 })

export const pagesHandlers = HttpApiBuilder.group(
  OpsApi,
  "pages",
  Effect.fn(function* (handlers) {
    const sessions = yield* OperatorSessions
    return handlers.handleAll({
      ...(yield* signInHandlers),
      page: Effect.fnUntraced(function* () {
        const cookie = yield* cookieOfRequest
        const operator = Option.getOrUndefined(yield* sessions.operatorOf(cookie))
        if (operator === undefined) return toSignIn
        return document({
          title: "Holdfast",
          body: html`<header>
            <h1>Holdfast</h1>
            <form method="post" action="/ops/logout">
              <input type="hidden" name="csrf" value="${sessions.csrfOf(cookie)}" />
              <span>${operator.name}, ${operator.role}</span> <button>Sign out</button>
            </form>
          </header>`
        })
      })
    })
  })
)
