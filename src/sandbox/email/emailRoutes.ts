/**
 * The part of Resend's API that the shop needs, under `/resend`, each request under the fault that strikes it.
 *
 * `decline` refuses a mail for good (422), or, with the code `daily_quota_exceeded` or `monthly_quota_exceeded`, until
 * more were paid for (429). An address is refused unless it looks like one.
 */
import { ByteSize, Effect, Option, Schema } from "effect"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { Answer } from "../answer.ts"
import { sandboxEmailKey } from "../credentials.ts"
import { Faults } from "../Faults.ts"
import { type During, underFault } from "../underFault.ts"
import { Mailbox, MailBody } from "./Mailbox.ts"

/** A mail of the shop is a few kilobytes. */
const largestMail = ByteSize.fromInputUnsafe("1 MiB")
const longestKey = 256

const refused = (statusCode: number, name: string, message: string): Answer => ({
  status: statusCode,
  body: { statusCode, name, message },
  headers: {}
})

const decodeMail = Schema.decodeUnknownOption(Schema.fromJsonString(MailBody))
const isAddress = (text: string) => /^[^\s@]+@[^\s@]+$/.test(text)

const send = (request: HttpServerRequest.HttpServerRequest, body: string, { decline, slow }: During) =>
  Effect.gen(function* () {
    const mailbox = yield* Mailbox
    if (request.headers["authorization"] !== `Bearer ${sandboxEmailKey}`) {
      return refused(401, "missing_api_key", "Missing or unknown API key.")
    }
    const key = request.headers["idempotency-key"]
    if (key !== undefined && (key === "" || key.length > longestKey)) {
      return refused(400, "invalid_idempotency_key", "A key has 1 to 256 characters.")
    }
    if (decline !== undefined) {
      return refused(decline.code.endsWith("_quota_exceeded") ? 429 : 422, decline.code, decline.message)
    }
    const mail = decodeMail(body)
    if (Option.isNone(mail) || ![mail.value.to].flat().every(isAddress)) {
      return refused(422, "validation_error", "A mail has from, to, subject, and text or html.")
    }
    const taking = yield* mailbox.take(mail.value, key, slow)
    switch (taking._tag) {
      case "Taken":
        return { status: 200, body: { id: taking.id }, headers: {} }
      case "OtherMail":
        return refused(409, "invalid_idempotent_request", "This key was used with another mail.")
      case "StillRunning":
        return refused(409, "concurrent_idempotent_requests", "A request with this key is running.")
    }
  })

export const emailRoutes = HttpRouter.add(
  "POST",
  "/resend/emails",
  Effect.gen(function* () {
    const faults = yield* Faults
    const mailbox = yield* Mailbox
    const request = yield* HttpServerRequest.HttpServerRequest
    const body = yield* request.text
    const fault = yield* faults.strike("POST", request.url)
    const run = (during: During) => Effect.provideService(send(request, body, during), Mailbox, mailbox)
    return yield* faults.counted(underFault(fault, request, run))
  }).pipe(
    Effect.catchTag("HttpServerError", () => Effect.succeed(HttpServerResponse.empty({ status: 400 }))),
    Effect.provideService(HttpIncomingMessage.MaxBodySize, largestMail)
  )
)
