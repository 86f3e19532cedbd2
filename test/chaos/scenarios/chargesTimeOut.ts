/**
 * Three of ten charges take effect at the provider, and nobody hears of it: the shop may neither charge again nor give
 * up, and has to find out.
 *
 * A doubt begins when an operation is sent (its attempt ends four seconds later without an answer) and ends when its
 * order is confirmed or over: for a capture, which comes after the confirmation, when it is captured.
 */
import { Duration, Effect } from "effect"
import { Database } from "../../../src/database/Database.ts"
import { paymentsPolicy } from "../../../src/dependencies/payments/policy.ts"
import { quantile } from "../figures.ts"
import type { Scenario } from "../Scenario.ts"

const struckShare = 0.3
/** FAULTS.md: what is in doubt is reconciled within 60 seconds. */
const doubtSecondsAtMost = 60

interface Doubt {
  readonly order_id: string
  /** Null while it goes on. */
  readonly seconds: number | null
}

/** Operations without an answer for longer than one attempt takes, and how long their orders waited for it. */
const doubts = Effect.flatMap(Database, (database) =>
  database.read(
    "chaos.doubts",
    (sql) => sql<Doubt>`
      select c.order_id, extract(epoch from (
        select min(e.at) from order_events e where e.order_id = c.order_id and e.at >= c.first_sent_at
          and e.step in ('captured', 'cancelled', 'failed', 'refunded',
            case when c.operation = 'capture' then 'captured' else 'confirmed' end)) - c.first_sent_at)::float8 as seconds
      from payment_operations c where c.operation in ('confirm', 'capture')
        and coalesce(c.resolved_at, now()) - c.first_sent_at
          >= make_interval(secs => ${Duration.toSeconds(paymentsPolicy.attemptTimeout)})`
  )
)

export const chargesTimeOut: Scenario = {
  name: "charges-time-out",
  group: "payments",
  says: "30 % of the authorisations and captures time out after they took effect",
  seconds: 60,
  ordersPerSecond: 5,
  promised: { orders: 0.999, reads: 0.999, recoverySeconds: 5, drainSeconds: 60 },
  harm: (world, seconds) =>
    Effect.gen(function* () {
      for (const path of ["/confirm", "/capture"]) {
        yield* world.provider.fault({ mode: "hang_after", method: "POST", path, share: struckShare, ms: 60_000 })
      }
      yield* Effect.sleep(Duration.seconds(seconds))
    }),
  examine: () =>
    Effect.gen(function* () {
      const found = yield* doubts
      const open = found.filter(({ seconds }) => seconds === null)
      const seconds = found.flatMap((doubt) => doubt.seconds ?? [])
      const p99 = quantile(seconds, 0.99)
      const [p50, most] = [quantile(seconds, 0.5), quantile(seconds, 1)]
      const figures = [p50, p99, most].map((figure) => figure.toFixed(1)).join(", ")
      return {
        notes: [`${found.length} doubts, ${open.length} open; resolved within (p50, p99, most) ${figures} s`],
        breaches: [
          ...open.map(({ order_id }) => `${order_id}: is in doubt after all is quiet`),
          ...(found.length === 0 ? ["nothing was ever in doubt: the fault did not strike"] : []),
          ...(p99 > doubtSecondsAtMost ? [`p99 of the doubts is ${p99.toFixed(1)} s`] : [])
        ]
      }
    }).pipe(Effect.orDie)
}
