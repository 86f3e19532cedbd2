/** What a shopper is told of a feature that is not as it should be: one sentence for each feature and mode that there is. */
import type { DateTime } from "effect"

/**
 * `off`: switched off by an operator. `unavailable`: not to be had. `deferred`: taken, and decided later. `delayed`:
 * done later. `last_good`: shown as it was known last. `local`: each node by itself.
 */
export type Mode = "off" | "unavailable" | "deferred" | "delayed" | "last_good" | "local"

export interface Notice {
  readonly feature: string
  readonly mode: Mode
  readonly since: DateTime.Utc
  /** When a switch ends by itself. */
  readonly until?: DateTime.Utc
  /** For a shopper, in English. */
  readonly message: string
}

const sentences: Readonly<Record<string, string>> = {
  "checkout off": "Ordering is switched off for now.",
  "checkout unavailable": "Orders cannot be taken at the moment. Please try again shortly.",
  "checkout deferred": "Orders are taken and confirmed a little later.",
  "sign_up off": "Signing up is switched off for now.",
  "sign_up unavailable": "Signing up is not possible at the moment. Please try again shortly.",
  "sign_up deferred": "New accounts are taken down and opened a little later.",
  "log_in unavailable": "Logging in is not possible at the moment. Whoever is logged in can go on looking around.",
  "orders unavailable": "Orders cannot be looked up or changed at the moment. None of them is lost.",
  "order_changes unavailable": "Orders can be looked up, but not changed, at the moment.",
  "catalogue last_good": "Prices and availability may be out of date.",
  "catalogue unavailable": "Products cannot be shown at the moment. Please try again shortly.",
  "account last_good": "Account details may be out of date.",
  "stock last_good": "Availability may be out of date; an order is confirmed when the goods are set aside.",
  "payments delayed": "Orders are taken; their payment is confirmed a little later.",
  "recommendations last_good": "Recommendations may be out of date.",
  "recommendations off": "Recommendations are switched off for now.",
  "analytics off": "Nothing is counted for now. Everything else works.",
  "email off": "Emails are held back for now, and sent later.",
  "rate_limits local": "Requests are counted by each of our servers on its own; nothing else changes.",
  "email delayed": "Emails arrive later than usual."
}

export const words = (feature: string, mode: Mode): string =>
  sentences[`${feature} ${mode}`] ?? "Some things may not work."
