/** One attempt on the wire: the headers that its call wants, and an answer that is a problem as a failure. */
import { Context, Effect, Option, Schema } from "effect"
import { HttpClient, HttpClientRequest, type HttpClientResponse } from "effect/http"
import { Problem } from "../http/Problem.ts"
import { NoAnswer } from "./failures.ts"

export interface Exchange {
  readonly headers: Readonly<Record<string, string>>
  /** Whether anything left this machine. */
  sent: boolean
}

/** The attempt that a request belongs to. */
export const CurrentExchange = Context.Reference<Exchange>("holdfast/client/CurrentExchange", {
  defaultValue: () => ({ headers: {}, sent: false })
})

/** A problem as it was answered. */
export class Answered {
  readonly _tag = "Answered"
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}

const decodeProblem = Schema.decodeUnknownOption(Problem)

const failureIn = (response: HttpClientResponse.HttpClientResponse) => {
  const seconds = Number(response.headers["retry-after"])
  const unreadable = new NoAnswer("unreadable", {
    status: response.status,
    ...(Number.isInteger(seconds) && seconds >= 0 ? { retryAfter: seconds } : {})
  })
  return Effect.matchEffect(response.json, {
    onFailure: () => Effect.fail<Answered | NoAnswer>(unreadable),
    onSuccess: (body) =>
      Effect.fail(Option.match(decodeProblem(body), { onNone: () => unreadable, onSome: (said) => new Answered(said) }))
  })
}

/** The client that every call goes through. */
export const exchanging = (client: HttpClient.HttpClient) =>
  client.pipe(
    HttpClient.mapRequestEffect((request) =>
      Effect.map(CurrentExchange, (exchange) => {
        exchange.sent = true
        return HttpClientRequest.setHeaders(request, exchange.headers)
      })
    ),
    HttpClient.transformResponse(
      Effect.flatMap((response) => (response.status < 400 ? Effect.succeed(response) : failureIn(response)))
    )
  )
