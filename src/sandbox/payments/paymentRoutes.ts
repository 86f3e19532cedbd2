/**
 * The part of the provider's PaymentIntents API that an order's life needs, at the provider's own paths.
 *
 * Every request needs the secret key; every answer names its request (`Request-Id`). A write honours `Idempotency-Key`
 * as the Book says; a read ignores it. What is not offered is answered as an unknown URL, in the provider's shape.
 */
import { Effect, Layer } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { toResponse } from "../answer.ts"
import { confirm, create } from "./createIntent.ts"
import type { Moment } from "./createIntent.ts"
import { read, write } from "./exchange.ts"
import { unknownParameter } from "./form.ts"
import type { Form } from "./form.ts"
import { pageOf, refundsOf, searched } from "./lists.ts"
import type { Intent } from "./objects.ts"
import { missingParameter, noSuch, rejected } from "./outcome.ts"
import type { Outcome } from "./outcome.ts"
import { intentBody, refundBody, rejectedAnswer } from "./render.ts"
import { cancel, capture, refund, refundParameters } from "./settleIntent.ts"

const ok = (body: unknown) => ({ status: 200, body, headers: {} })
const missing = (what: string, param: string, id: string) => rejectedAnswer(noSuch(what, param, id))

type OnIntent = (intent: Intent, form: Form, moment: Moment) => Outcome

/** An action on the intent that the path names. */
const onIntent = (verb: string, act: OnIntent) =>
  write(`/v1/payment_intents/:id/${verb}`, ({ book, form, id }) => (moment) => {
    const intent = book.intent(id)
    return intent === undefined ? noSuch("payment_intent", "intent", id) : act(intent, form, moment)
  })

const createRefund = write("/v1/refunds", ({ book, form }) => (moment) => {
  const unknown = unknownParameter(form, refundParameters)
  if (unknown !== undefined) return unknown
  const id = form.get("payment_intent")
  if (id === undefined) return missingParameter("payment_intent")
  const intent = book.intent(id)
  return intent === undefined ? noSuch("payment_intent", "payment_intent", id) : refund(intent, form, moment)
})

const listIntents = read("/v1/payment_intents", ({ book, form, origin }) =>
  Effect.map(book.read, ({ intents }) => {
    const { data, hasMore } = pageOf(intents.values(), form)
    const shown = data.map((intent) => intentBody(intent, origin))
    return ok({ object: "list", url: "/v1/payment_intents", has_more: hasMore, data: shown })
  })
)

const searchIntents = read("/v1/payment_intents/search", ({ book, form, origin }) =>
  Effect.map(book.read, ({ intents }) => {
    const found = searched(intents.values(), form.get("query"))
    if ("_tag" in found) return rejectedAnswer(found)
    const data = found.map((intent) => intentBody(intent, origin))
    return ok({ object: "search_result", url: "/v1/payment_intents/search", has_more: false, next_page: null, data })
  })
)

const retrieveIntent = read("/v1/payment_intents/:id", ({ book, id, origin }) =>
  Effect.map(book.read, ({ intents }) => {
    const intent = intents.get(id)
    return intent === undefined ? missing("payment_intent", "intent", id) : ok(intentBody(intent, origin))
  })
)

const listRefunds = read("/v1/refunds", ({ book, form }) =>
  Effect.map(book.read, ({ refunds }) => {
    const { data, hasMore } = pageOf(refundsOf(refunds.values(), form), form)
    return ok({ object: "list", url: "/v1/refunds", has_more: hasMore, data: data.map(refundBody) })
  })
)

const retrieveRefund = read("/v1/refunds/:id", ({ book, id }) =>
  Effect.map(book.read, ({ refunds }) => {
    const found = refunds.get(id)
    return found === undefined ? missing("refund", "id", id) : ok(refundBody(found))
  })
)

const unknownUrl = HttpRouter.add("*", "/v1/*", (request) =>
  Effect.succeed(
    toResponse(
      rejectedAnswer(rejected(404, { message: `Unrecognized request URL (${request.method}: ${request.url}).` }))
    )
  )
)

export const paymentRoutes = Layer.mergeAll(
  write(
    "/v1/payment_intents",
    ({ form }) =>
      (moment) =>
        create(form, moment)
  ),
  onIntent("confirm", confirm),
  onIntent("capture", capture),
  onIntent("cancel", cancel),
  createRefund,
  listIntents,
  searchIntents,
  retrieveIntent,
  listRefunds,
  retrieveRefund,
  unknownUrl
)
