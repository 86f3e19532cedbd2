/**
 * Which providers the shop talks to: those of the settings, and outside of production the sandbox for the others.
 *
 * One sandbox plays all that are not set; it is not started when none is missing.
 */
import { Effect, Layer, Option, Redacted } from "effect"
import type { Settings } from "../config.ts"
import { AnalyticsUrl, HttpAnalytics } from "../dependencies/analytics/HttpAnalytics.ts"
import { EmailAccount } from "../dependencies/email/ResendEmail.ts"
import { HttpRecommendations, RecommendationsUrl } from "../dependencies/recommendations/HttpRecommendations.ts"
import { StripeAccount } from "../dependencies/payments/StripePayments.ts"
import { WebhookSecret } from "../orders/webhooks/PaymentWebhooks.ts"
import { sandboxEmailFrom, sandboxEmailKey } from "../sandbox/credentials.ts"
import { sandboxFaults } from "../sandbox/sandboxFaults.ts"
import { Sandbox } from "../sandbox/Sandbox.ts"

/** Only asked where a provider is not set; then there is one. */
const sandbox = Effect.flatMap(Effect.serviceOption(Sandbox), (found) =>
  Option.isSome(found) ? Effect.succeed(found.value) : Effect.die(new Error("There is no sandbox to stand in."))
)
const orSandbox = <A>(given: Option.Option<A>, standIn: (sandbox: Sandbox["Service"]) => A) =>
  Option.match(given, { onSome: Effect.succeed, onNone: () => Effect.map(sandbox, standIn) })

const payments = ({ stripe }: Settings) =>
  Layer.merge(
    Layer.effect(
      StripeAccount,
      orSandbox(stripe, (found) => found)
    ),
    Layer.effect(
      WebhookSecret,
      Effect.map(
        orSandbox(stripe, (found) => found),
        ({ webhookSecret }) => webhookSecret
      )
    )
  )

const email = ({ resend }: Settings) =>
  Layer.effect(
    EmailAccount,
    orSandbox(resend, ({ baseUrl }) => ({
      baseUrl: `${baseUrl}/resend`,
      apiKey: Redacted.make(sandboxEmailKey),
      from: sandboxEmailFrom
    }))
  )

/** In production there is none unless it is set: pages do without. */
export const recommender = ({ production, recommendationsUrl }: Settings) =>
  production && Option.isNone(recommendationsUrl)
    ? Layer.empty
    : HttpRecommendations.layer.pipe(
        Layer.provide(
          Layer.effect(
            RecommendationsUrl,
            orSandbox(recommendationsUrl, ({ baseUrl }) => `${baseUrl}/recommendations`)
          )
        )
      )

/** In production nobody counts unless it is set. */
export const counter = ({ analyticsUrl, production }: Settings) =>
  production && Option.isNone(analyticsUrl)
    ? Layer.empty
    : HttpAnalytics.layer.pipe(
        Layer.provide(
          Layer.effect(
            AnalyticsUrl,
            orSandbox(analyticsUrl, ({ baseUrl }) => `${baseUrl}/analytics`)
          )
        )
      )

const standIn = ({ dataDir, production, sandboxPort, ...given }: Settings) => {
  const { analyticsUrl, recommendationsUrl, resend, stripe } = given
  const isComplete = [stripe, resend, recommendationsUrl, analyticsUrl].every((one) => one._tag === "Some")
  return production || isComplete
    ? Layer.empty
    : Layer.provideMerge(sandboxFaults, Sandbox.layer({ dataDir, port: sandboxPort }))
}

export const providers = (settings: Settings) =>
  Layer.mergeAll(payments(settings), email(settings)).pipe(Layer.provideMerge(standIn(settings)))
