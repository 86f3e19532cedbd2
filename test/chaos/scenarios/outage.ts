/**
 * What the shop promises while its database is away: orders and sign-ups are taken for later, what is for sale is shown
 * as it was known last, the node stays ready, and whatever else is asked is told when to come back. At once, when the
 * first requests have found out.
 */
import type { Promised } from "../Scenario.ts"

/** Everything that needs the database is told to come back, or waits for it in vain. */
export const withoutDatabase = {
  orders: 0.95,
  reads: 0,
  accounts: 0,
  served: { catalogue: 0.99, stock: 0.99, "sign up": 0.9 },
  recoverySeconds: 5,
  drainSeconds: 60
} satisfies Promised

/** The outage is known after two pings, the second at once, each with a second to be answered. */
export const silenceKnownAfterSeconds = 5
export const refusalKnownAfterSeconds = 2
/** DESIGN: what an open circuit answers takes no longer. */
export const knownMillis = 100
