/** Flags that several commands have. */
import { DateTime, Duration, Effect, Option } from "effect"
import { Argument, Flag } from "effect/cli"
import { DurationUnreadable } from "./errors.ts"

export const json = Flag.Boolean("json").pipe(Flag.withDescription("Print the answer as JSON"), Flag.withDefault(false))
export const reason = Flag.String("reason").pipe(Flag.withDescription("Why; it is kept with the change"))
export const id = Argument.String("id").pipe(Argument.withDescription("Id of one dead letter"))
export const oneId = Argument.optional(id)

const text = (name: string, description: string) =>
  Flag.optional(Flag.String(name).pipe(Flag.withDescription(description)))

export const conditions = {
  queue: text("queue", "Only of this queue"),
  code: text("code", "Only with this error code"),
  since: text("since", "Only those that failed at or after this time (ISO 8601)"),
  until: text("until", "Only those that failed before this time (ISO 8601)")
}
export interface Conditions {
  readonly queue: Option.Option<string>
  readonly code: Option.Option<string>
  readonly since: Option.Option<string>
  readonly until: Option.Option<string>
}

/** As the API names them. */
export const asked = (given: Conditions) => ({
  queue: Option.getOrUndefined(given.queue),
  code: Option.getOrUndefined(given.code),
  failed_after: Option.getOrUndefined(given.since),
  failed_before: Option.getOrUndefined(given.until)
})

export const all = Flag.Boolean("all").pipe(
  Flag.withDescription("Every dead letter that the other flags leave, also when none is given"),
  Flag.withDefault(false)
)

/** When what is to last so long ends, as the API takes it. */
export const expiryIn = Effect.fnUntraced(function* (lasting: string) {
  const duration = Duration.fromInput(lasting as Duration.Input)
  if (Option.isNone(duration)) return yield* new DurationUnreadable()
  return DateTime.formatIso(DateTime.addDuration(yield* DateTime.now, duration.value))
})
