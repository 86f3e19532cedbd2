/**
 * The page that `requires_action` sends a customer to, where a person plays the card holder at the bank.
 *
 * Approving or refusing is a POST of the page's form; then the browser is sent on to the shop's `return_url`.
 */
import { Effect, Layer } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Book } from "./Book.ts"
import { authenticated } from "./createIntent.ts"
import type { Intent } from "./objects.ts"
import { noSuch } from "./outcome.ts"

const path = "/_sandbox/authenticate/:id"
const nothing = HttpServerResponse.text("No such payment.", { status: 404 })

const page = ({ amount, currency, status }: Intent) => `<!doctype html><html lang="en"><meta charset="utf-8">
<title>Approve a payment</title><h1>Your bank asks</h1>
<p>Pay ${(amount / 100).toFixed(2)} ${currency.toUpperCase()}? (${status})</p>
<form method="post"><button name="outcome" value="approve">Approve</button>
<button name="outcome" value="refuse">Refuse</button></form></html>`

const intentOfPath = Effect.gen(function* () {
  const book = yield* Book
  const { id = "" } = yield* HttpRouter.params
  return { book, id, intent: book.intent(id) }
})

export const customerPage = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    path,
    Effect.map(intentOfPath, ({ intent }) => (intent === undefined ? nothing : HttpServerResponse.html(page(intent))))
  ),
  HttpRouter.add(
    "POST",
    path,
    Effect.gen(function* () {
      const { book, id, intent } = yield* intentOfPath
      const request = yield* HttpServerRequest.HttpServerRequest
      const form = new URLSearchParams(yield* request.text)
      if (intent === undefined) return nothing
      const asked = { key: undefined, fingerprint: "", request: "", origin: "", declineWith: undefined }
      yield* book.execute({ ...asked, slow: Effect.void }, (moment) => {
        const current = book.intent(id)
        return current === undefined
          ? noSuch("payment_intent", "intent", id)
          : authenticated(current, form.get("outcome") === "approve", moment)
      })
      return HttpServerResponse.redirect(intent.return_url ?? path.replace(":id", id), { status: 303 })
    }).pipe(Effect.catchTag("HttpServerError", () => Effect.succeed(nothing)))
  )
)
