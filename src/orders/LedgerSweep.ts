/**
 * The daily comparison of our books with the provider's, in both directions, with every difference kept as a row.
 *
 * Each payment that the provider made on that day has an order of ours with the same amount and state; each payment that
 * we sent on that day is among the provider's. A day is compared when it is over by an hour, so that nothing of it is
 * still on its way; comparing it again replaces what was found. Differences are for people: nothing is corrected here.
 */
import { Context, DateTime, Effect, Layer, Schedule } from "effect"
import { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import type { Payment } from "../dependencies/payments/Payment.ts"
import { type PaymentFailure, Payments } from "../dependencies/payments/Payments.ts"

export interface LedgerDifference {
  readonly kind: "payment_without_order" | "order_without_payment" | "amount" | "state"
  readonly provider_id: string
  readonly order_id: string
  readonly ours: string
  readonly theirs: string
}

type Failures = PaymentFailure | DatabaseUnavailable | QueryTimeout

export class LedgerSweep extends Context.Service<
  LedgerSweep,
  {
    /** Compares one day (UTC, like 2026-11-20), and answers what differs. */
    readonly compare: (day: string) => Effect.Effect<ReadonlyArray<LedgerDifference>, Failures>
    /** Compares each of the last days that is over and was not compared yet. Answers which. */
    readonly catchUp: Effect.Effect<ReadonlyArray<string>, Failures>
  }
>()("holdfast/orders/LedgerSweep") {
  static readonly layer = Layer.effect(
    LedgerSweep,
    Effect.gen(function* () {
      const [database, payments] = [yield* Database, yield* Payments]

      const theirsOf = Effect.fnUntraced(function* (fromSeconds: number) {
        const all: Array<Payment> = []
        for (let page = 0; page < mostPages; page += 1) {
          const after = all.at(-1)?.id
          const untilSeconds = fromSeconds + daySeconds - 1
          const seen = yield* payments.createdBetween({
            fromSeconds,
            untilSeconds,
            ...(after === undefined ? {} : { after })
          })
          all.push(...seen.payments)
          if (!seen.hasMore) break
        }
        return all
      })

      const compare = Effect.fn("LedgerSweep.compare")(function* (day: string) {
        const fromSeconds = DateTime.toEpochMillis(DateTime.makeUnsafe(`${day}T00:00:00Z`)) / 1000
        const theirs = yield* theirsOf(fromSeconds)
        const ids = theirs.map(({ id }) => id)
        const ours = yield* database.query(
          "ledger.ours",
          (sql) => sql<OurPayment>`
            select p.order_id, p.provider_id, p.amount_cents::float8, p.currency, p.captured_cents::float8, o.status,
              exists (select 1 from payment_operations c where c.order_id = p.order_id and c.state = 'sent') as open
            from payments p join orders o on o.id = p.order_id
            where p.provider_id = any(${ids}::text[]) or p.provider_id is not null and exists (
              select 1 from payment_operations c where c.order_id = p.order_id and c.operation = 'create'
                and c.first_sent_at >= to_timestamp(${fromSeconds + edgeSeconds})
                and c.first_sent_at < to_timestamp(${fromSeconds + daySeconds - edgeSeconds}))`
        )
        const differences = differencesOf(theirs, ours)
        yield* database.transaction("ledger.keep", (sql) =>
          Effect.gen(function* () {
            yield* sql`delete from ledger_differences where day = ${day}::date`
            yield* sql`
              insert into ledger_differences (day, kind, provider_id, order_id, ours, theirs)
              select ${day}::date, kind, provider_id, order_id, ours, theirs
              from jsonb_to_recordset(${JSON.stringify(differences)}::jsonb)
                as d (kind text, provider_id text, order_id text, ours text, theirs text)`
            yield* sql`
              insert into ledger_sweeps (day, compared, differences)
              values (${day}::date, ${theirs.length}, ${differences.length})
              on conflict (day) do update set compared = excluded.compared, differences = excluded.differences,
                finished_at = now()`
          })
        )
        if (differences.length > 0) {
          yield* Effect.logError("the books differ from the provider's", {
            severity: "critical",
            day,
            differences: differences.length
          })
        }
        return differences
      })
      const catchUp = Effect.gen(function* () {
        const days = yield* database.query(
          "ledger.due",
          (sql) => sql<{ day: string }>`
            select to_char(d, 'YYYY-MM-DD') as day
            from generate_series((now() at time zone 'utc')::date - ${daysBack}::int,
              ((now() at time zone 'utc') - interval '25 hours')::date, interval '1 day') d
            where not exists (select 1 from ledger_sweeps s where s.day = d::date) order by d`
        )
        yield* Effect.forEach(days, ({ day }) => compare(day), { discard: true })
        return days.map(({ day }) => day)
      })
      return LedgerSweep.of({ compare, catchUp })
    })
  )
}

const daySeconds = 86_400
/** A shop that was away for longer than this compares older days by hand. */
const daysBack = 7
/** Looks each hour, until interrupted, whether a day is to be compared. */
export const sweepLedger = Effect.flatMap(LedgerSweep, ({ catchUp }) =>
  catchUp.pipe(
    Effect.catch((error) => Effect.logWarning("ledger not compared", { code: error._tag })),
    Effect.repeat(Schedule.spaced("1 hour").pipe(Schedule.jittered))
  )
)

/** A payment is made some time after its first send; at the edges of a day it may be the next one's. */
const edgeSeconds = 600
/** Of 100 payments each: a day of a hundred thousand. */
const mostPages = 1_000

interface OurPayment {
  readonly order_id: string
  readonly provider_id: string
  readonly amount_cents: number
  readonly currency: string
  readonly captured_cents: number
  readonly status: string
  /** Something of it is not answered yet: its state may differ for now. */
  readonly open: boolean
}

const money = (cents: number, currency: string) => `${cents} ${currency}`

/** What differs between the two. Pure. */
export const differencesOf = (
  theirs: ReadonlyArray<Payment>,
  ours: ReadonlyArray<OurPayment>
): ReadonlyArray<LedgerDifference> => {
  const known = new Map(ours.map((one) => [one.provider_id, one]))
  const listed = new Set(theirs.map(({ id }) => id))
  const missing = ours.flatMap((one): ReadonlyArray<LedgerDifference> =>
    listed.has(one.provider_id)
      ? []
      : [
          {
            kind: "order_without_payment",
            provider_id: one.provider_id,
            order_id: one.order_id,
            ours: money(one.amount_cents, one.currency),
            theirs: "none"
          }
        ]
  )
  return [...missing, ...theirs.flatMap((payment) => differencesIn(payment, known.get(payment.id)))]
}

const differencesIn = (payment: Payment, ours: OurPayment | undefined): ReadonlyArray<LedgerDifference> => {
  const ids = { provider_id: payment.id, order_id: ours?.order_id ?? payment.orderId ?? "" }
  const theirs = money(payment.amount.amountCents, payment.amount.currency)
  if (ours === undefined) {
    // One that never held money and was never stored is a lost answer; nobody has paid anything.
    const harmless = payment.status === "unconfirmed" || payment.status === "canceled"
    return harmless ? [] : [{ kind: "payment_without_order", ...ids, ours: "none", theirs }]
  }
  const amount = money(ours.amount_cents, ours.currency)
  if (amount !== theirs) return [{ kind: "amount", ...ids, ours: amount, theirs }]
  const captured = ours.captured_cents > 0
  return captured === (payment.status === "captured") || ours.open
    ? []
    : [{ kind: "state", ...ids, ours: ours.status, theirs: payment.status }]
}
