/**
 * The provider's names for test cards, and what each comes to. For the memory layer; the sandbox has its own, so that
 * the two are held against each other by the contract they share.
 */
import type { DeclineCode } from "./errors.ts"

export type TestMethod = "approves" | "asks_customer" | DeclineCode

const methods: ReadonlyMap<string, TestMethod> = new Map<string, TestMethod>([
  ["pm_card_visa", "approves"],
  ["pm_card_mastercard", "approves"],
  ["pm_card_authenticationRequired", "asks_customer"],
  ["pm_card_chargeDeclined", "declined"],
  ["pm_card_chargeDeclinedStolenCard", "declined"],
  ["pm_card_chargeDeclinedFraudulent", "declined"],
  ["pm_card_chargeDeclinedProcessingError", "declined"],
  ["pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"],
  ["pm_card_chargeDeclinedExpiredCard", "expired_card"],
  ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"]
])

export const testMethod = (paymentMethod: string): TestMethod | undefined => methods.get(paymentMethod)
