/** Dead letters, replays and queues as the operators' API shows them. */
import { DateTime, Schema } from "effect"
import { storable } from "../../catalog/storable.ts"
import { perSecondMost } from "../../jobs/DeadLetter.ts"
import { PageQuery } from "../pages.ts"

const when = Schema.DateTimeUtcFromString
const category = Schema.Literals(["transient", "permanent", "partial", "fatal"])
const timeNames = {
  createdAt: "created_at",
  firstFailedAt: "first_failed_at",
  lastFailedAt: "last_failed_at"
} as const

const letterFields = {
  id: Schema.String,
  queue: Schema.String,
  key: Schema.String,
  code: Schema.String,
  category,
  attempts: Schema.Int,
  replays: Schema.Int,
  woken: Schema.Boolean,
  createdAt: when,
  firstFailedAt: when,
  lastFailedAt: when
}
const ReplayResult = Schema.Literals(["waiting", "released", "done", "dead", "skipped"])

export const LetterShown = Schema.Struct(letterFields).pipe(Schema.encodeKeys(timeNames))

export const LetterDetailShown = Schema.Struct({
  ...letterFields,
  payload: Schema.Record(Schema.String, Schema.String),
  history: Schema.Array(Schema.Struct({ at: Schema.String, attempt: Schema.Int, code: Schema.String, category })),
  lineage: Schema.Array(Schema.Struct({ replay: Schema.String, result: ReplayResult }))
}).pipe(Schema.encodeKeys(timeNames))

export const GroupShown = Schema.Struct({
  queue: Schema.String,
  code: Schema.String,
  category,
  count: Schema.Int,
  firstFailedAt: when,
  lastFailedAt: when,
  sample: Schema.String
}).pipe(Schema.encodeKeys({ firstFailedAt: "first_failed_at", lastFailedAt: "last_failed_at" }))

export const PreviewShown = Schema.Struct({
  letters: Schema.Int,
  assessed: Schema.Int,
  verdicts: Schema.Struct({ safe: Schema.Int, asks_first: Schema.Int, unknown: Schema.Int }),
  items: Schema.Array(
    Schema.Struct({
      ...letterFields,
      verdict: Schema.Literals(["safe", "asks_first", "unknown"]),
      would: Schema.String
    }).pipe(Schema.encodeKeys(timeNames))
  )
})

export const ReplayShown = Schema.Struct({
  id: Schema.String,
  actor: Schema.String,
  reason: Schema.String,
  perSecond: Schema.Int,
  items: Schema.Int,
  createdAt: when,
  releasedAt: Schema.UndefinedOr(when),
  results: Schema.Struct({
    waiting: Schema.Int,
    released: Schema.Int,
    done: Schema.Int,
    dead: Schema.Int,
    skipped: Schema.Int
  })
}).pipe(Schema.encodeKeys({ perSecond: "per_second", createdAt: "created_at", releasedAt: "released_at" }))

export const QueueShown = Schema.Struct({
  queue: Schema.String,
  ready: Schema.Int,
  delayed: Schema.Int,
  running: Schema.Int,
  dead: Schema.Int,
  oldestSeconds: Schema.Int,
  paused: Schema.UndefinedOr(Schema.Struct({ at: when, actor: Schema.String, reason: Schema.String }))
}).pipe(Schema.encodeKeys({ oldestSeconds: "oldest_seconds" }))

/** Ids are numbers too large for JSON's, written as text. */
export const LetterId = Schema.String.check(
  Schema.isPattern(/^[1-9]\d{0,17}$/, { code: "invalid_format", message: "An id is a number." })
)
const text = (most: number) =>
  Schema.String.check(
    Schema.isMinLength(1, { code: "too_short", message: "This cannot be empty." }),
    Schema.isMaxLength(most, { code: "too_long", message: `At most ${most} characters.` }).abort(),
    storable
  )
/** A time that every table can hold, and every calendar write. */
export const Moment = Schema.DateTimeUtcFromString.check(
  Schema.makeFilter(
    (time: DateTime.Utc) => {
      const year = DateTime.getPartUtc(time, "year")
      return year >= 1970 && year <= 9999
    },
    { code: "out_of_range", message: "A time is in the years 1970 to 9999." }
  )
)
export const QueueName = text(100)
export const Reason = text(500)

const conditions = {
  queue: Schema.optionalKey(QueueName),
  code: Schema.optionalKey(text(100)),
  failed_after: Schema.optionalKey(Moment),
  failed_before: Schema.optionalKey(Moment)
}
export const LetterQuery = conditions
export const LetterPageQuery = { ...conditions, ...PageQuery }

/** An empty filter is every dead letter; it must be said, so that nobody means all by saying nothing. */
const Filter = Schema.Struct(conditions)
const PerSecond = Schema.optionalKey(
  Schema.Int.check(
    Schema.isBetween(
      { minimum: 1, maximum: perSecondMost },
      { code: "out_of_range", message: `A rate is 1 to ${perSecondMost} a second.` }
    )
  )
)
export const Change = Schema.Struct({ reason: Reason })
export const ReplayOne = Schema.Struct({ reason: Reason, per_second: PerSecond })
export const ReplayMany = Schema.Struct({ filter: Filter, reason: Reason, per_second: PerSecond })
export const DiscardMany = Schema.Struct({ filter: Filter, reason: Reason })
export const Discarded = Schema.Struct({ discarded: Schema.Int })
