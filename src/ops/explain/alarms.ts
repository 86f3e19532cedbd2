/**
 * When a person is called about one order, in milliseconds: the thresholds of ops/prometheus/alerts.yml and the time that
 * each must last, which a test holds equal.
 */
const minute = 60_000

/** A payment operation without an answer. */
export const paymentsInDoubt = { alert: "PaymentsInDoubt", afterMillis: 60 * minute, forMillis: 5 * minute }
/** An order in a state that it should pass at once. */
export const ordersLeftBehind = { alert: "OrdersLeftBehind", afterMillis: 60 * minute, forMillis: 10 * minute }
/** A job that is due and that nobody takes. */
export const queueStalled = { alert: "QueueStalled", afterMillis: 5 * minute, forMillis: 5 * minute }

export const calledAfterMillis = ({ afterMillis, forMillis }: typeof paymentsInDoubt): number => afterMillis + forMillis
