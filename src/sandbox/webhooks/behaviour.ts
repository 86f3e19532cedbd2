/**
 * Where events are sent, and how badly: doubled, late, lost, or held back and then sent in the other order.
 *
 * The provider promises none of the opposites, so whoever takes its events has to bear all of these.
 */
import { Schema } from "effect"

/** No event is late by more, so that a forgotten setting ends. */
const longestDelayMillis = 10 * 60 * 1000

const isHttpUrl = Schema.makeFilter((text: string) => URL.canParse(text) && new URL(text).protocol === "http:")

export const Behaviour = Schema.Struct({
  /** Nothing is sent before it is known. */
  url: Schema.optionalKey(Schema.String.check(isHttpUrl)),
  /** So many copies more of each event. */
  duplicates: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10 }))),
  delay_ms: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: longestDelayMillis }))),
  /** The share of events that are never sent. */
  lose: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  /** While true, events are kept back; set to false, they are sent. */
  hold: Schema.optionalKey(Schema.Boolean),
  /** What was held is sent newest first. */
  reversed: Schema.optionalKey(Schema.Boolean)
})
export interface Behaviour extends Schema.Schema.Type<typeof Behaviour> {}
