/**
 * Email through Resend's API, or anything that speaks it, like the sandbox.
 *
 * Every call goes through the kit: bounded, circuit-broken, repeated at most once and only under its own key. An API key
 * that is refused fails no mail: the shop stops calling for a while, logs FATAL, and mails wait.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Clock, Context, Effect, Layer, Redacted } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { Dependency, type TransientFailure, WriteKey } from "../../resilience/index.ts"
import { wholeAnswer } from "../answers.ts"
import { sendTo } from "../outgoing.ts"
import { classify, type Verdict } from "./classify.ts"
import { Email, type Mail } from "./Email.ts"
import { emailPolicy, longestAnswerBytes } from "./policy.ts"

/** The shop's account at the provider, and the address that its mails come from. */
export interface EmailCredentials {
  readonly baseUrl: string
  readonly apiKey: Redacted.Redacted
  readonly from: string
}

export class EmailAccount extends Context.Service<EmailAccount, EmailCredentials>()(
  "holdfast/dependencies/email/EmailAccount"
) {}

type NotSent = (Verdict & { readonly _tag: "NotSent" })["because"]

/** As many connections as calls in flight, so that none waits for another's. */
const connections = NodeHttpClient.layerUndiciOptions({
  connections: emailPolicy.concurrency,
  connect: { timeout: 2000 }
})

const layerHttp = Layer.effect(
  Email,
  Effect.gen(function* () {
    const send = sendTo("email", yield* HttpClient.HttpClient)
    const { apiKey, baseUrl, from } = yield* EmailAccount
    const dependency = yield* Dependency.make("email", emailPolicy)
    const url = `${baseUrl.replace(/\/+$/, "")}/emails`

    const attempt = Effect.fnUntraced(function* (
      mail: Mail
    ): Effect.fn.Return<string, NotSent | TransientFailure, WriteKey> {
      const headers = { authorization: `Bearer ${Redacted.value(apiKey)}`, "idempotency-key": yield* WriteKey }
      const { subject, text, to } = mail
      const request = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(url, { headers }), {
        from,
        to: [to],
        subject,
        text
      })
      const answer = yield* wholeAnswer(send, request, longestAnswerBytes)
      const verdict = classify(answer, yield* Clock.currentTimeMillis)
      if (verdict._tag === "Sent") return verdict.id
      if (verdict._tag === "NotSent") return yield* Effect.fail(verdict.because)
      if (verdict.alarm) {
        yield* Effect.logFatal("the email provider's answer needs an operator", { reason: verdict.failure.reason })
      }
      return yield* Effect.fail(verdict.failure)
    })

    return Email.of({
      send: Effect.fn("Email.send")(({ key, ...mail }) =>
        dependency.call(attempt(mail), { kind: "write", idempotencyKey: key })
      )
    })
  })
)

export const ResendEmail = {
  /** Over a client of the caller's. */
  layerHttp,
  /** Over connections of its own. */
  layer: Layer.provide(layerHttp, connections)
}
