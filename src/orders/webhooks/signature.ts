/**
 * The provider's signature over the raw bytes of an event: `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`.
 *
 * `v1` is HMAC-SHA256 over `<t>.<body>`. While a secret is being replaced the provider signs with both, so several `v1`
 * may come and one that fits is enough. Whether an event is too old is told only of one that is genuine.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { Redacted } from "effect"
import type { WebhookSignatureRefused } from "./errors.ts"

/** What the provider's own libraries allow between its clock and ours, in seconds: a copied event is soon worthless. */
export const toleranceSeconds = 300

/** An attacker may send any number; the provider sends two at most. */
const mostSignatures = 10

const signed = (secret: Redacted.Redacted, timestamp: string, body: Uint8Array) =>
  createHmac("sha256", Redacted.value(secret)).update(`${timestamp}.`).update(body).digest()

/** The header for a body that is sent at this time. */
export const sign = (secret: Redacted.Redacted, seconds: number, body: Uint8Array): string =>
  `t=${seconds},v1=${signed(secret, String(seconds), body).toString("hex")}`

/** Why the signature is refused; nothing when it is genuine. */
export const refusalOf = (
  header: string | undefined,
  body: Uint8Array,
  secret: Redacted.Redacted,
  nowMillis: number
): WebhookSignatureRefused["reason"] | undefined => {
  if (header === undefined || header === "") return "missing"
  const parts = header.split(",").map((part) => part.trim())
  const timestamp = parts.find((part) => /^t=\d{1,12}$/.test(part))?.slice(2)
  const signatures = parts.filter((part) => /^v1=[0-9a-f]{64}$/i.test(part)).slice(0, mostSignatures)
  if (timestamp === undefined || signatures.length === 0) return "malformed"
  const expected = signed(secret, timestamp, body)
  const genuine = signatures.filter((part) => timingSafeEqual(Buffer.from(part.slice(3), "hex"), expected))
  if (genuine.length === 0) return "wrong"
  return Math.abs(nowMillis / 1000 - Number(timestamp)) > toleranceSeconds ? "too_old" : undefined
}
