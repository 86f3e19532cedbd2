/**
 * How long an order may wait, for what, and how often it is looked at meanwhile. All of it is data.
 *
 * An operation without an answer after `doubtAfterMillis` is in doubt: it may have taken effect. Nothing is guessed then:
 * the provider is asked, soon at first and seldom later, and after a day a person is.
 */
import type { OrderStatus } from "./Order.ts"
import { actionDeadlineMillis, keyLifeMillis } from "./saga.ts"
import { searchLagMillis } from "./sagaAnswers.ts"
import { nameOf, type OperationRef, type SagaRecord, stateOf } from "./sagaRecord.ts"

/** A call to the provider ends within 9 seconds (its policy's deadline); what has no answer then has none. */
export const doubtAfterMillis = 10_000

const hour = 3_600_000
const day = 24 * hour

/** How long an order may be in a state before somebody must look. A state that is not named waits for nobody. */
export const mostDwellMillis: { readonly [S in OrderStatus]?: number } = {
  /** Stock is decided at once; longer than this, the shop itself does not work. */
  pending: hour,
  /** A payment in doubt, or a provider that is away: a key may be repeated for 23 hours, and asked about after. */
  reserved: day,
  /** The customer has 10 minutes; then the payment is cancelled, which may be in doubt as well. */
  requires_action: day,
  authorized: hour,
  confirmed: day,
  refund_pending: day
}

/** An order whose goods are kept elsewhere waits for as long for who keeps them as for who is paid. */
export const stockDwellMillis = day
/**
 * Nobody is called while a second search is due, which decides: the first may have come at the end of the day, when the
 * provider was away before. It is due after ten minutes; when it cannot be made in this time, somebody is called.
 */
const secondSearchWithinMillis = hour
/** A stock keeper that is back is found within this: to ask it again costs little, and the customer waits. */
const mostStockPauseMillis = 60_000

/** After an age of so much, the next look comes so much later: 5 s, 15 s, 1 min, 5 min, 15 min, then each hour. */
const looks: ReadonlyArray<{ readonly untilAge: number; readonly every: number }> = [
  { untilAge: 15_000, every: 5_000 },
  { untilAge: 60_000, every: 15_000 },
  { untilAge: 300_000, every: 60_000 },
  { untilAge: 1_200_000, every: 300_000 },
  { untilAge: 2 * hour, every: 900_000 }
]

const nextLookMillis = (ageMillis: number): number => looks.find(({ untilAge }) => ageMillis < untilAge)?.every ?? hour

/** When the provider's search was empty, while a second one is due that will say for good that there is no payment. */
const searchedEmptySince = ({ operations, searchedEmptyAtMillis }: SagaRecord): number | undefined =>
  operations.create === "sent" ? searchedEmptyAtMillis : undefined

/** When time alone changes what comes next: a customer's time is over, a key's life, or the time of the state. */
const turns = (known: SagaRecord): ReadonlyArray<number> => {
  const unanswered = unansweredSince(known)
  return [
    ...(known.status === "requires_action" ? [known.statusSinceMillis + actionDeadlineMillis] : []),
    ...(unanswered === undefined ? [] : [unanswered + keyLifeMillis]),
    overdueAt(known)
  ]
}

/**
 * How long an order waits for its next look: the longer nothing was heard, the longer, spread over up to a quarter more by
 * `draw` (0 to 1), so that what stopped together does not come back together. Between two searches of the provider there
 * is only the search's own lag; and what time alone decides is not put off to the look after it.
 */
export const pauseMillis = (known: SagaRecord, nowMillis: number, draw: number): number => {
  const age = nowMillis - (unansweredSince(known) ?? known.statusSinceMillis)
  const look = searchedEmptySince(known) === undefined ? nextLookMillis(age) : searchLagMillis
  const pause = (known.stockSent === undefined ? look : Math.min(look, mostStockPauseMillis)) * (1 + draw / 4)
  const left = turns(known).flatMap((at) => (at > nowMillis ? [at - nowMillis] : []))
  return Math.ceil(Math.min(pause, ...left))
}

/** When the oldest operation without an answer was sent. */
export const unansweredSince = (known: SagaRecord): number | undefined => {
  const sent = (ref: OperationRef) => (stateOf(known, ref) === "sent" ? [known.sentAtMillis[nameOf(ref)] ?? 0] : [])
  const all = [
    ...(["create", "confirm", "capture", "cancel"] as const).flatMap((operation) => sent({ operation, seq: 0 })),
    ...known.refunds.flatMap(({ seq }) => sent({ operation: "refund", seq }))
  ]
  if (known.stockSent !== undefined) all.push(...sent({ operation: known.stockSent, seq: 0 }))
  return all.length === 0 ? undefined : Math.min(...all)
}

/** The status as a client sees it: a payment that may have been authorised, or not, is in doubt. */
export const shownStatus = (known: SagaRecord, nowMillis: number): OrderStatus => {
  const confirmSentAt = known.sentAtMillis[nameOf({ operation: "confirm", seq: 0 })] ?? nowMillis
  return known.status === "reserved" &&
    known.operations.confirm === "sent" &&
    nowMillis - confirmSentAt >= doubtAfterMillis
    ? "payment_in_doubt"
    : known.status
}

/** When the order will have been in its state for longer than it may; infinite for a state that waits for nobody. */
export const overdueAt = (known: SagaRecord): number => {
  const most = known.stockSent === undefined ? mostDwellMillis[known.status] : stockDwellMillis
  const since = Math.min(known.statusSinceMillis, unansweredSince(known) ?? Number.POSITIVE_INFINITY)
  const searched = searchedEmptySince(known) ?? Number.NEGATIVE_INFINITY
  return Math.max(since + (most ?? Number.POSITIVE_INFINITY), searched + secondSearchWithinMillis)
}

/** True when the order has been in its state for longer than it may. */
export const isOverdue = (known: SagaRecord, nowMillis: number): boolean => nowMillis >= overdueAt(known)
