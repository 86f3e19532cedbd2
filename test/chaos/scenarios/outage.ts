/**
 * What the shop promises while its database is away: orders and sign-ups are taken for later, what is for sale is shown
 * as it was known last, the node stays ready, and whatever else is asked is told when to come back. At once, when the
 * first requests have found out.
 */
import type { Promised } from "../Scenario.ts"

/** Everything that needs the database is told to come back, or waits for it in vain. Refusals are known within a second. */
export const withoutDatabase = {
  orders: 0.95,
  reads: 0,
  accounts: 0,
  served: { catalogue: 0.99, stock: 0.99, "sign up": 0.9 },
  recoverySeconds: 5,
  drainSeconds: 60,
  // DESIGN: what an open circuit answers takes no longer than 100 ms.
  onceKnown: { afterSeconds: 2, p99Millis: 100, orders: 0.97 }
} satisfies Promised

/**
 * When nobody is told: an outage is known when two pings, a second apart, have each had their second. Until then those
 * who wait fill the pool, and the others are told to come back.
 */
export const withoutAnswers = {
  ...withoutDatabase,
  orders: 0.65,
  served: { ...withoutDatabase.served, "sign up": 0.6 },
  onceKnown: { ...withoutDatabase.onceKnown, afterSeconds: 5 }
} satisfies Promised
