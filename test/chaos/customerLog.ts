/**
 * What a campaign's customers asked for and what they were told: the one witness that a killed shop cannot touch.
 *
 * A request is written down before it is sent, and its answer when it comes; one without an answer got none.
 */
export interface Body {
  readonly id?: string
  readonly status?: string | number
  readonly total?: number
  readonly lines?: unknown
  readonly code?: string
  readonly side_effects?: string
}

/** The status is 0 when nobody answered. */
export interface Answer {
  readonly status: number
  readonly body: Body
}

export interface Sent {
  readonly account: string
  readonly key: string
  /** Every answer to this key, in order. */
  readonly answers: Array<Answer>
  requests: number
}

/** By key. */
export type Log = Map<string, Sent>

export const nobody: Answer = { status: 0, body: {} }

/** Writes down that `key` is about to be asked for. */
export const asking = (log: Log, account: string, key: string): Sent => {
  const entry = log.get(key) ?? { account, key, answers: [], requests: 0 }
  entry.requests += 1
  log.set(key, entry)
  return entry
}

/** A refusal that says nothing about the order: the same request may come to another answer. */
const perhaps = ({ body, status }: Answer) =>
  [408, 425, 429].includes(status) || (status === 409 && body.code === "idempotency_in_flight")

export const isGood = ({ status }: Answer) => status >= 200 && status < 300
export const isRefusal = (answer: Answer) => answer.status >= 400 && answer.status < 500 && !perhaps(answer)
/** Told to come back later, and that nothing durable was done for it. */
const cameToNothing = ({ body, status }: Answer) => [429, 503, 504].includes(status) && body.side_effects === "none"
/** Each of its requests was answered so: its customer knows that there is no order. */
export const isSentAway = ({ answers, requests }: Sent) => answers.length === requests && answers.every(cameToNothing)
/** Nothing is left to ask: the same request would be told the same. */
export const isDefinite = (answer: Answer) => isGood(answer) || isRefusal(answer)
