/** What a scenario's customers saw, as figures. Times are in milliseconds unless they say otherwise. */
import type { Seen, What } from "./load.ts"

/** The deadlines that the API publishes, and what a busy machine may add to them. */
const deadlineMillis: Record<What, number> = { order: 6_000, catalogue: 2_000, "own order": 2_000, live: 2_000 }

/** Answered as asked, in time. */
export const isServed = ({ millis, status, what }: Seen) =>
  ((status >= 200 && status < 300) || status === 402 || status === 409) && millis <= deadlineMillis[what]

/** Served, or told in so many words to come back later. */
export const isWellFormed = (seen: Seen) => isServed(seen) || ([503, 504, 429].includes(seen.status) && seen.retryAfter)

export const share = <A>(all: ReadonlyArray<A>, is: (one: A) => boolean): number =>
  all.length === 0 ? 1 : all.filter(is).length / all.length

/** The smallest value that so large a share of them does not exceed; NaN without any. */
export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}

export interface Figures {
  readonly orders: number
  readonly reads: number
  /** Orders that were served or told to come back later. */
  readonly wellFormed: number
  readonly live: number
  readonly p50: number
  readonly p99: number
  /** Before the fault. */
  readonly healthyP99: number
  /** From the end of the fault to the last request that was not served; 0 when there was none. */
  readonly recoverySeconds: number
  /** What was asked during the fault and how it was answered, when it was not as asked: `order database_unavailable`, and how often. */
  readonly unserved: ReadonlyMap<string, number>
}

const tally = (seen: ReadonlyArray<Seen>) => {
  const times = new Map<string, number>()
  for (const one of seen.filter((each) => !isServed(each))) {
    const how = one.status === 0 ? "without an answer" : one.status < 400 ? "too late" : one.code
    times.set(`${one.what} ${how}`, (times.get(`${one.what} ${how}`) ?? 0) + 1)
  }
  return times
}

/** `from` and `to`: when the fault began and ended, milliseconds. */
export const figuresOf = (seen: ReadonlyArray<Seen>, from: number, to: number): Figures => {
  const during = seen.filter(({ at }) => at >= from && at < to)
  const of = (all: ReadonlyArray<Seen>, ...what: ReadonlyArray<What>) => all.filter((one) => what.includes(one.what))
  const orders = of(during, "order")
  const times = (all: ReadonlyArray<Seen>) => all.map(({ millis }) => millis)
  const before = seen.filter(({ at }) => at < from)
  const lastBad = seen.filter((one) => one.at >= to && !isServed(one)).reduce((last, { at }) => Math.max(last, at), to)
  return {
    orders: share(orders, isServed),
    reads: share(of(during, "catalogue", "own order"), isServed),
    wellFormed: share(orders, isWellFormed),
    live: share(of(during, "live"), isServed),
    p50: quantile(times(orders), 0.5),
    p99: quantile(times(orders), 0.99),
    healthyP99: quantile(times(of(before, "order")), 0.99),
    recoverySeconds: (lastBad - to) / 1000,
    unserved: tally(during)
  }
}
