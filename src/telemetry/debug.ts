/** A line for who looks into one part of the shop; costs a comparison while nobody does. */
import { Clock, Effect } from "effect"
import { LogLevels, type Module } from "./LogLevels.ts"

/** `fields` is only asked for when the line is written. */
export const debug = (
  module: Module,
  message: string,
  fields: () => Readonly<Record<string, unknown>>
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const now = () => fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    return fiber.getRef(LogLevels).allows(module, "Debug", now)
      ? Effect.logDebug(message, { module, ...fields() })
      : Effect.void
  })
