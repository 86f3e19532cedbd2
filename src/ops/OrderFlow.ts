/**
 * How orders flow, over all nodes: what became of them in each minute of the last two hours, and which wait now, in what state.
 *
 * The minutes come from the orders' own events, which are only ever added: each look counts those that are new, by their
 * ids, so it costs what happened since the last one. What is younger than any transaction is counted anew each time, since
 * an id below it may still come to light. Looks are taken in turn: each begins where the one before has ended. Of a shop
 * that is busier than `mostEvents` in two hours the first look knows only the end, and says from when on.
 */
import { Context, Effect, Layer, Semaphore } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { OperatorsDatabase } from "../database/OperatorsDatabase.ts"

/** What is counted of an order's events, in the order in which they come. */
export const flowSteps = ["placed", "confirmed", "captured", "failed", "cancelled"] as const
export type FlowStep = (typeof flowSteps)[number]

export interface Waiting {
  readonly status: string
  readonly currency: string
  readonly count: number
  readonly amountMinor: number
  readonly oldestSeconds: number
}

export interface Flow {
  /** Orders in each of the last 120 whole minutes, the oldest first; undefined: not known. */
  readonly counts: Readonly<Record<FlowStep, ReadonlyArray<number | undefined>>>
  /** What the orders came to that were confirmed in those minutes, by currency, in minor units. */
  readonly confirmedMinor: Readonly<Record<string, ReadonlyArray<number | undefined>>>
  /** Orders that are not final. */
  readonly waiting: ReadonlyArray<Waiting>
}

/** An hour, and the one before it. */
export const flowMinutes = 120
/** Read by their ids in a tenth of a second or so; a shop of an order a second makes them in three hours. */
const mostEvents = 100_000
/** Every transaction has its deadline well below this. */
const settlesAfterSeconds = 15

interface Edges {
  readonly minute: number
  readonly from: string
  readonly settled: string
  readonly oldest: number
}
interface Counted {
  readonly minute: number
  readonly step: FlowStep
  readonly currency: string | null
  readonly settled: boolean
  readonly count: number
  readonly amount: number
}
/** By minute: how many of each step, and what was confirmed `in EUR`. */
type Minutes = Map<number, Map<string, number>>

const edges = (sql: SqlClient.SqlClient, after: string) => sql<Edges>`
  with bounds as (
    select greatest(${after}::bigint, coalesce(max(id), 0) - ${mostEvents}) as first from order_events)
  select floor(extract(epoch from now()) / 60)::int as minute, first::text as "from",
    coalesce((select id from order_events
      where id > first and at < now() - make_interval(secs => ${settlesAfterSeconds}) order by id desc limit 1), first)::text
      as settled,
    coalesce((select floor(extract(epoch from at) / 60)::int from order_events where id >= first order by id limit 1), 0)
      as oldest
  from bounds`

const counted = (sql: SqlClient.SqlClient, { from, settled }: Edges) => sql<Counted>`
  select floor(extract(epoch from e.at) / 60)::int as minute, e.step, o.currency, e.id <= ${settled}::bigint as settled,
    count(*)::int as count, coalesce(sum(o.total_cents), 0)::float8 as amount
  from order_events e left join orders o on e.step = 'confirmed' and o.id = e.order_id
  where e.id > ${from}::bigint and e.at > now() - make_interval(mins => ${flowMinutes + 1})
    and e.step in ${sql.in(flowSteps)}
  group by 1, 2, 3, 4`

const waiting = (sql: SqlClient.SqlClient): Effect.Effect<ReadonlyArray<Waiting>, SqlError.SqlError> => sql<Waiting>`
  select status, currency, count(*)::int as count, sum(total_cents)::float8 as "amountMinor",
    extract(epoch from now() - min(status_since))::float8 as "oldestSeconds"
  from orders where status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed')
  group by 1, 2 order by count(*) desc limit 50`

const add = (minutes: Minutes, { amount, count, currency, minute, step }: Counted) => {
  const one = minutes.get(minute) ?? new Map<string, number>()
  one.set(step, (one.get(step) ?? 0) + count)
  if (currency !== null) one.set(`in ${currency}`, (one.get(`in ${currency}`) ?? 0) + amount)
  minutes.set(minute, one)
}

export class OrderFlow extends Context.Service<
  OrderFlow,
  {
    readonly read: Effect.Effect<Flow, DatabaseUnavailable | QueryTimeout>
  }
>()("holdfast/ops/OrderFlow") {
  static readonly layer = Layer.effect(
    OrderFlow,
    Effect.gen(function* () {
      const database = yield* OperatorsDatabase
      const settled: Minutes = new Map()
      const currencies = new Set<string>()
      let countedTo = "0"
      /** Nothing is known of this minute and those before it. */
      let unknownTo = 0
      const turns = yield* Semaphore.make(1)

      const take = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
        const [edge] = yield* edges(sql, countedTo)
        if (edge === undefined) return yield* Effect.die(new Error("A select without a table answers one row."))
        return { edge, rows: yield* counted(sql, edge), waits: yield* waiting(sql) }
      })

      const read = Effect.map(database.read("ops.flow", take), ({ edge, rows, waits }): Flow => {
        if (edge.from !== countedTo) unknownTo = edge.oldest
        countedTo = edge.settled
        for (const { currency } of rows) if (currency !== null) currencies.add(currency)
        for (const row of rows) if (row.settled) add(settled, row)
        for (const minute of settled.keys()) if (minute < edge.minute - flowMinutes) settled.delete(minute)
        const recent: Minutes = new Map()
        for (const row of rows) if (!row.settled) add(recent, row)

        const minutes = Array.from({ length: flowMinutes }, (_, index) => edge.minute - flowMinutes + index)
        const of = (what: string) =>
          minutes.map((minute) =>
            minute <= unknownTo
              ? undefined
              : (settled.get(minute)?.get(what) ?? 0) + (recent.get(minute)?.get(what) ?? 0)
          )
        const [placed, confirmed, captured, failed, cancelled] = flowSteps.map(of)
        return {
          counts: {
            placed: placed ?? [],
            confirmed: confirmed ?? [],
            captured: captured ?? [],
            failed: failed ?? [],
            cancelled: cancelled ?? []
          },
          confirmedMinor: Object.fromEntries(
            [...currencies].sort().map((currency) => [currency, of(`in ${currency}`)])
          ),
          waiting: waits
        }
      })
      return OrderFlow.of({ read: turns.withPermit(read) })
    })
  )
}
