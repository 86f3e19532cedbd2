/** Answers what the API says of itself. Everything is made once, when it is first asked for. */
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Api } from "../Api.ts"
import { RouteNotFound } from "../errors.ts"
import { respond } from "../responses.ts"
import { documentOf } from "./document.ts"
import { documentBody } from "./documentPage.ts"
import { ProblemType, ProblemTypes } from "./DocumentationApi.ts"
import { page } from "./html.ts"
import { listBody, problemTypes, typeBody } from "./problemPages.ts"

/** Whoever takes HTML gets the page, and so does whoever takes anything. */
const wantsData = Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
  const accepted = headers["accept"] ?? ""
  return /\bjson\b/i.test(accepted) && !/text\/html/i.test(accepted)
})

const data = { status: 200, headers: { vary: "accept" } }

export const documentationHandlers = HttpApiBuilder.group(
  Api,
  "documentation",
  Effect.fn(function* (handlers) {
    const document = yield* Effect.cached(Effect.sync(documentOf))
    const documentAnswer = yield* Effect.cached(Effect.map(document, (spec) => HttpServerResponse.jsonUnsafe(spec)))
    const documentPage = yield* Effect.cached(Effect.map(document, (spec) => page(spec.info.title, documentBody(spec))))
    const types = yield* Effect.cached(Effect.sync(problemTypes))
    return handlers.handleAll({
      document: () => documentAnswer,
      page: () => documentPage,
      problems: Effect.fnUntraced(function* () {
        const all = yield* types
        return (yield* wantsData) ? yield* respond(ProblemTypes, { data: all }, data) : page("Problems", listBody(all))
      }),
      problem: Effect.fnUntraced(function* ({ params }) {
        const found = (yield* types).find(({ code }) => code === params.code)
        if (found === undefined) return yield* new RouteNotFound()
        return (yield* wantsData) ? yield* respond(ProblemType, found, data) : page(found.title, typeBody(found))
      })
    })
  })
)
