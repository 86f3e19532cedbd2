/** What a scenario's customers saw, as figures. Times are in milliseconds unless they say otherwise. */
import { kindsOfRequests, probes, type Seen, type What } from "./load.ts"

/** The deadlines that the API publishes, and what a busy machine may add to them. */
const [writeMillis, readMillis] = [6_000, 2_000]
const writes: ReadonlySet<What> = new Set<What>(["order", "sign up", "log in"])
const deadlineMillis = (what: What) => (writes.has(what) ? writeMillis : readMillis)

/** Answered as asked, in time. */
export const isServed = ({ millis, status, what }: Seen) =>
  ((status >= 200 && status < 300) || status === 402 || status === 409) && millis <= deadlineMillis(what)

/** Served, told in so many words to come back later, or told that the time was up: when to come back, nobody knows then. */
export const isWellFormed = (seen: Seen) =>
  isServed(seen) || seen.status === 504 || ([503, 429].includes(seen.status) && seen.retryAfter)

export const share = <A>(all: ReadonlyArray<A>, is: (one: A) => boolean): number =>
  all.length === 0 ? 1 : all.filter(is).length / all.length

/** The smallest value that so large a share of them does not exceed; NaN without any. */
export const quantile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}

export interface Figures {
  readonly orders: number
  /** Of several kinds of requests, together, while the fault lasted. */
  readonly served: (...what: ReadonlyArray<What>) => number
  /** All requests but probes that were served or told to come back later. */
  readonly wellFormed: number
  readonly live: number
  readonly p50: number
  readonly p99: number
  /** Before the fault. */
  readonly healthyP99: number
  /** Of one kind of requests: before the fault, and while it lasted. NaN when there were none. */
  readonly p99Of: (what: What) => { readonly before: number; readonly during: number }
  /** From so many seconds into the fault to its end: of all answers but to probes (NaN when there were none), and of orders. */
  readonly after: (seconds: number) => { readonly p99: number; readonly orders: number }
  /** From the end of the fault to the last request that was not served; 0 when there was none. */
  readonly recoverySeconds: number
  /** What was asked during the fault and how it was answered, when it was not as asked: `order database_unavailable`, and how often. */
  readonly unserved: ReadonlyMap<string, number>
  /** The same, from the end of the fault on, with the seconds of the first and the last after that end. */
  readonly unservedLater: ReadonlyMap<string, { readonly times: number; readonly from: number; readonly to: number }>
}

const unserved = (seen: ReadonlyArray<Seen>) =>
  Map.groupBy(
    seen.filter((one) => !isServed(one)),
    ({ code, status, what }) =>
      `${what} ${status === 0 ? "without an answer" : status < 400 ? "too late" : code === "" ? status : code}`
  )
const mapped = <A, B>(all: ReadonlyMap<string, A>, to: (one: A) => B) =>
  new Map([...all].map(([key, one]) => [key, to(one)]))

const asked = kindsOfRequests.filter((what) => !probes.has(what))

/** `from` and `to`: when the fault began and ended, milliseconds. */
export const figuresOf = (seen: ReadonlyArray<Seen>, from: number, to: number): Figures => {
  const during = seen.filter(({ at }) => at >= from && at < to)
  const before = seen.filter(({ at }) => at < from)
  const of = (all: ReadonlyArray<Seen>, what: ReadonlyArray<What>) => all.filter((one) => what.includes(one.what))
  const p99 = (all: ReadonlyArray<Seen>) =>
    quantile(
      all.map(({ millis }) => millis),
      0.99
    )
  const orders = of(during, ["order"])
  const lastBad = seen.filter((one) => one.at >= to && !isServed(one)).reduce((last, { at }) => Math.max(last, at), to)
  return {
    orders: share(orders, isServed),
    served: (...what) => share(of(during, what), isServed),
    wellFormed: share(of(during, asked), isWellFormed),
    live: share(of(during, ["live"]), isServed),
    p50: quantile(
      orders.map(({ millis }) => millis),
      0.5
    ),
    p99: p99(orders),
    healthyP99: p99(of(before, ["order"])),
    p99Of: (what) => ({ before: p99(of(before, [what])), during: p99(of(during, [what])) }),
    after: (seconds) => {
      const late = during.filter(({ at }) => at >= from + seconds * 1000)
      return {
        p99: p99(of(late, asked).filter(({ status }) => status !== 0)),
        orders: share(of(late, ["order"]), isServed)
      }
    },
    recoverySeconds: (lastBad - to) / 1000,
    unserved: mapped(unserved(during), ({ length }) => length),
    unservedLater: mapped(unserved(seen.filter(({ at }) => at >= to)), (some) => {
      const seconds = some.map(({ at }) => (at - to) / 1000)
      return { times: some.length, from: Math.min(...seconds), to: Math.max(...seconds) }
    })
  }
}
