/**
 * What an explanation says of an order, or of whatever an id names: what was, why it waits, what happens next and when.
 *
 * Ids, codes and amounts only: nothing here is a person's, or in a provider's words. Its members are named as they are
 * shown. Times are the database's.
 */
import { Schema } from "effect"
import { statuses } from "../../orders/Order.ts"

const when = Schema.DateTimeUtcFromString
const Money = Schema.Struct({ amount: Schema.Int, currency: Schema.String })

/** What an id turned out to be. */
export const Asked = Schema.Literals([
  "order",
  "payment_operation",
  "refund",
  "payment",
  "payment_event",
  "deferred",
  "request",
  "job",
  "idempotency_key"
])
export type Asked = typeof Asked.Type

/** Whose record an entry is from. */
export const Source = Schema.Literals([
  "request",
  "deferred",
  "order",
  "goods",
  "payment",
  "money",
  "job",
  "mail",
  "payment_event",
  "operator",
  "books"
])

export const Entry = Schema.Struct({
  at: when,
  source: Source,
  /** The id of what it is about. */
  about: Schema.String,
  what: Schema.String,
  facts: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite]))
})
export type Entry = typeof Entry.Type

export const Because = Schema.Literals([
  "circuit",
  "switch",
  "pause",
  "backoff",
  "customer",
  "provider",
  "person",
  "worker",
  "turn"
])

/** What keeps it from going on. */
export const Reason = Schema.Struct({
  because: Because,
  about: Schema.String,
  what: Schema.String,
  since: Schema.optionalKey(when),
  until: Schema.optionalKey(when)
})
export type Reason = typeof Reason.Type

export const Next = Schema.Struct({
  /** Absent when nobody can say. */
  at: Schema.optionalKey(when),
  about: Schema.String,
  what: Schema.String
})
export type Next = typeof Next.Type

export const OrderFacts = Schema.Struct({
  id: Schema.String,
  account: Schema.String,
  status: Schema.Literals(statuses),
  since: when,
  placed_at: when,
  total: Money,
  refunded: Money,
  payment: Schema.NullOr(Schema.String),
  goods: Schema.String,
  failure: Schema.NullOr(Schema.String)
})
export type OrderFacts = typeof OrderFacts.Type

export const DeferredFacts = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["order", "sign_up"]),
  status: Schema.Literals(["waiting", "applied", "failed"]),
  accepted_at: when,
  accept_until: when,
  resource: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(Schema.String)
})
export type DeferredFacts = typeof DeferredFacts.Type

/** Everything that belongs to it, for whoever looks through other records. */
export const Ids = Schema.Struct({
  orders: Schema.Array(Schema.String),
  requests: Schema.Array(Schema.String),
  payments: Schema.Array(Schema.String),
  deferred: Schema.Array(Schema.String),
  jobs: Schema.Array(Schema.String),
  mails: Schema.Array(Schema.String),
  events: Schema.Array(Schema.String)
})

export type Ids = typeof Ids.Type

export const Explanation = Schema.Struct({
  asked: Asked,
  as_of: when,
  /** In a sentence or two. */
  summary: Schema.String,
  ids: Ids,
  orders: Schema.Array(OrderFacts),
  deferred: Schema.Array(DeferredFacts),
  waits: Schema.Array(Reason),
  /** Soonest first. */
  next: Schema.Array(Next),
  /** Oldest first. */
  entries: Schema.Array(Entry),
  /** There are more than are shown: the oldest are missing. */
  entries_truncated: Schema.Boolean
})
export type Explanation = typeof Explanation.Type
