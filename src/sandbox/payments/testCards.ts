/**
 * The test payment methods that the sandbox knows, by the names that the provider's own test mode gives them.
 *
 * What a card does is decided by its name alone, so a test needs no set-up. Any other `pm_…` is "no such payment
 * method", as it is there.
 */
import type { StripeError } from "./objects.ts"

export type CardOutcome =
  | { readonly _tag: "Approves" }
  | { readonly _tag: "AsksCustomer" }
  | { readonly _tag: "Declines"; readonly error: StripeError }

export const declines = (code: string, declineCode: string, message: string): CardOutcome => ({
  _tag: "Declines",
  error: { type: "card_error", code, decline_code: declineCode, message }
})

export const genericDecline = declines("card_declined", "generic_decline", "Your card was declined.")

const cards: ReadonlyMap<string, CardOutcome> = new Map<string, CardOutcome>([
  ["pm_card_visa", { _tag: "Approves" }],
  ["pm_card_mastercard", { _tag: "Approves" }],
  ["pm_card_authenticationRequired", { _tag: "AsksCustomer" }],
  ["pm_card_chargeDeclined", genericDecline],
  [
    "pm_card_chargeDeclinedInsufficientFunds",
    declines("card_declined", "insufficient_funds", "Your card has insufficient funds.")
  ],
  ["pm_card_chargeDeclinedStolenCard", declines("card_declined", "stolen_card", "Your card was declined.")],
  ["pm_card_chargeDeclinedFraudulent", declines("card_declined", "fraudulent", "Your card was declined.")],
  ["pm_card_chargeDeclinedExpiredCard", declines("expired_card", "expired_card", "Your card has expired.")],
  [
    "pm_card_chargeDeclinedIncorrectCvc",
    declines("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
  ],
  [
    "pm_card_chargeDeclinedProcessingError",
    declines("processing_error", "processing_error", "An error occurred while processing your card. Try again later.")
  ]
])

export const cardOutcome = (paymentMethod: string): CardOutcome | undefined => cards.get(paymentMethod)
