/** The settings of a shop whose providers are all played by one sandbox that somebody else has started. */
import {
  sandboxEmailFrom,
  sandboxEmailKey,
  sandboxSecretKey,
  sandboxWebhookSecret
} from "../../src/sandbox/credentials.ts"

export const asProviders = (sandboxUrl: string) => {
  const base = sandboxUrl.replace(/\/+$/, "")
  return {
    STRIPE_API_BASE: base,
    STRIPE_SECRET_KEY: sandboxSecretKey,
    STRIPE_WEBHOOK_SECRET: sandboxWebhookSecret,
    RESEND_API_BASE: `${base}/resend`,
    RESEND_API_KEY: sandboxEmailKey,
    EMAIL_FROM: sandboxEmailFrom,
    RECOMMENDATIONS_URL: `${base}/recommendations`,
    ANALYTICS_URL: `${base}/analytics`
  }
}
