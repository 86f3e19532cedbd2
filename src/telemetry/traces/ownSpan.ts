/**
 * What a client span of ours is made with: of a call to the database, by its name, or of a request to a provider.
 *
 * Libraries make client spans too, with the text of statements and with addresses in them; those are not recorded.
 */
import { Context } from "effect"

export const OwnSpan = Context.Reference<boolean>("holdfast/telemetry/OwnSpan", { defaultValue: () => false })

export const clientSpan = {
  kind: "client",
  annotations: Context.make(OwnSpan, true),
  // The name says which call it is; a stack for each costs some percent of its time.
  captureStackTrace: false
} as const
