/**
 * Whether everything that was promised holds: the customer's log, the shop's tables and the provider's books, each
 * against the others. Answers one line for each breach; numbers are those of the invariants (lost, double, money, stock).
 */
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import { violations } from "../../src/orders/invariants.ts"
import type { LedgerEntry } from "../../src/sandbox/payments/objects.ts"
import { lostAccounts } from "./judgeAccounts.ts"
import { trafficBreaches } from "./judgeTraffic.ts"
import type { ProviderTraffic } from "./providerTraffic.ts"
import { type Deferred, deferredRows, isDeferredId } from "./deferred.ts"
import { type Answer, isDefinite, isGood, isRefusal, isSentAway, type Log } from "./customerLog.ts"

interface Row {
  readonly id: string
  readonly key: string | null
  readonly account: string | null
  readonly status: string
  readonly total: number
  readonly captured: number
  readonly refunded: number
}

export interface Verdict {
  readonly orders: number
  /** Keys that somebody asked for, those answered 2xx, and those whose customer knows what became of the order. */
  readonly attempted: number
  readonly acknowledged: number
  readonly heard: number
  /** Orders and sign-ups that were taken for later. */
  readonly deferred: number
  /** Why nothing can be said; then it is not passed. */
  readonly unknown: ReadonlyArray<string>
  readonly lost: ReadonlyArray<string>
  readonly double: ReadonlyArray<string>
  readonly others: ReadonlyArray<string>
}

const sum = (entries: ReadonlyArray<LedgerEntry>, type: LedgerEntry["type"]) =>
  entries.reduce((cents, entry) => cents + (entry.type === type ? entry.amount : 0), 0)
const count = (entries: ReadonlyArray<LedgerEntry>, type: LedgerEntry["type"]) =>
  entries.filter((entry) => entry.type === type).length

const ended = new Set(["captured", "fulfilled", "refunded", "cancelled", "failed"])
const paid = new Set(["authorized", "confirmed", "captured", "fulfilled", "refund_pending", "refunded"])

const rowsOf = Effect.flatMap(Database, (database) =>
  database.read(
    "chaos.orders",
    (sql) => sql<Row>`
      select o.id, k.key, k.account, o.status, o.total_cents::float8 as total, p.captured_cents::float8 as captured,
        p.refunded_cents::float8 as refunded
      from orders o left join payments p on p.order_id = o.id
        left join idempotency_keys k on k.order_id = o.id and k.route = 'POST /v1/orders'`
  )
)
const openJobs = Effect.flatMap(Database, (database) =>
  database.read(
    "chaos.jobs",
    (sql) => sql<{ key: string; state: string }>`
      select key, state from jobs where queue = 'orders' and state <> 'done' order by key`
  )
)

/** Nothing more happens by itself. */
export const isQuiet = Effect.all([rowsOf, openJobs, deferredRows]).pipe(
  Effect.map(
    ([orders, jobs, deferred]) =>
      [...deferred.values()].every(({ decided }) => decided) &&
      orders.every(({ status }) => ended.has(status)) &&
      jobs.every(({ state }) => state === "dead" || state === "discarded")
  ),
  Effect.orElseSucceed(() => false)
)

const byOrder = (row: Row, entries: ReadonlyArray<LedgerEntry>): ReadonlyArray<string> => [
  ...(sum(entries, "captured") === row.captured ? [] : [`I7 ${row.id}: the provider took another amount`]),
  ...(sum(entries, "refunded") === row.refunded ? [] : [`I7 ${row.id}: the provider gave another amount back`]),
  ...(row.captured === 0 || row.captured === row.total ? [] : [`I7 ${row.id}: taken is not the total`]),
  ...(ended.has(row.status) && count(entries, "authorized") !== count(entries, "captured") + count(entries, "canceled")
    ? [`I9 ${row.id}: money is still held`]
    : []),
  ...(ended.has(row.status) ? [] : [`I11 ${row.id}: is ${row.status} after all is quiet`])
]

/** What was taken for later is there when it was decided: as the order that it became, or as a refusal. */
const byKey = (log: Log, rows: ReadonlyArray<Row>, deferred: ReadonlyMap<string, Deferred>) => {
  const lost: Array<string> = []
  const others: Array<string> = []
  for (const sent of log.values()) {
    const { account, answers, key, requests } = sent
    const mine = rows.filter((row) => row.key === key && row.account === account)
    const good = answers.filter(isGood)
    const isLater = ({ body }: Answer) => isDeferredId(body.id ?? "")
    for (const id of new Set(good.map(({ body }) => body.id ?? ""))) {
      const later = deferred.get(id)
      const refused = later?.decided === true && later.order_id === null
      if (!refused && !mine.some((row) => row.id === (later?.order_id ?? id))) {
        lost.push(`I1 ${key}: ${id} was acknowledged`)
      }
    }
    const now = good.filter((answer) => !isLater(answer))
    const same = new Set(now.map(({ body }) => JSON.stringify([body.id, body.total, body.lines])))
    if (same.size > 1) others.push(`I4 ${key}: its answers disagree`)
    const definite = answers.length === requests && answers.every(isRefusal)
    if (definite && mine.some(({ status }) => paid.has(status))) others.push(`I5 ${key}: refused and paid`)
    if (isSentAway(sent) && mine.length > 0) others.push(`I5 ${key}: was told that nothing was done, and has an order`)
    const odd = answers.filter(({ status }) => status >= 500 && status !== 503 && status !== 504)
    for (const { status } of odd) others.push(`an answer of ${status} to ${key}`)
  }
  return { lost, others }
}

export interface Evidence {
  readonly log: Log
  /** Of customers who signed up; default: none. */
  readonly signUps?: Log
  /** `undefined` when the provider's books could not be read. */
  readonly ledger: ReadonlyArray<LedgerEntry> | undefined
  readonly traffic: ProviderTraffic
}

/**
 * Too little was seen to say that nothing is wrong. Who was declined, found the goods sold, or was sent away with the word
 * that nothing was done, was told as much as who has an order: a story with many of them is no blind one.
 */
const unknowns = (log: Log, heard: number, ledger: Evidence["ledger"]) => [
  ...(heard * 2 < log.size ? [`unknown: ${heard} of ${log.size} customers were told what became of their order`] : []),
  ...(ledger === undefined ? ["unknown: the provider's books could not be read"] : [])
]

export const judge = Effect.fnUntraced(function* ({ ledger: books, log, signUps, traffic }: Evidence) {
  const ledger = books ?? []
  const rows = yield* rowsOf
  const jobs = yield* openJobs
  const own = yield* violations({ settlingSeconds: 0 })
  const deferred = yield* deferredRows
  const { lost, others } = byKey(log, rows, deferred)
  const heard = [...log.values()].filter((sent) => sent.answers.some(isDefinite) || isSentAway(sent)).length
  const of = (id: string) => ledger.filter((entry) => entry.order_id === id)
  const known = new Set(rows.map(({ id }) => id))
  const ids = new Set(rows.map(({ account, key }) => `${account} ${key}`))
  const double = [
    ...rows.filter(({ id }) => count(of(id), "captured") > 1).map(({ id }) => `I6 ${id}: taken twice`),
    ...rows.filter(({ id }) => count(of(id), "refunded") > 1).map(({ id }) => `I6 ${id}: given back twice`),
    ...(ids.size === rows.length ? [] : ["I3: a key has two orders"])
  ]
  return {
    orders: rows.length,
    attempted: log.size,
    acknowledged: [...log.values()].filter(({ answers }) => answers.some(isGood)).length,
    heard,
    deferred: deferred.size,
    unknown: unknowns(log, heard, books),
    lost: [...lost, ...(yield* lostAccounts(signUps ?? new Map(), deferred))],
    double,
    others: [
      ...others,
      ...rows.flatMap((row) => byOrder(row, of(row.id))),
      ...rows.filter(({ key }) => key === null || !log.has(key)).map(({ id }) => `I2 ${id}: nobody asked for it`),
      ...ledger
        .filter(({ order_id }) => order_id === null || !known.has(order_id))
        .map(({ order_id }) => `I8 ${order_id}: the provider knows an order that is not ours`),
      ...(yield* trafficBreaches(traffic)),
      ...jobs.filter(({ state }) => state === "dead").map(({ key }) => `I11 ${key}: needs a person`),
      ...own.map(({ invariant, subject }) => `${invariant} ${subject}`)
    ]
  } satisfies Verdict
})
