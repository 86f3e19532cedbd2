/** The HTTP contract of whoever counts events (docs/analytics.md) as a schema: both ends read and write by it. */
import { Schema } from "effect"

export const EventBody = Schema.Struct({
  /** Told again, it is the same event. */
  id: Schema.String,
  name: Schema.String,
  about: Schema.String,
  at: Schema.String
})
export type EventBody = typeof EventBody.Type
export const BatchBody = Schema.Struct({ events: Schema.Array(EventBody) })
