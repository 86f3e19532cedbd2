/**
 * The id of the request that a fiber works for, as its answer's `Request-Id` shows it; none where nobody asked.
 *
 * What is decided for a request is stored with it, so that the id which a customer reads out leads to what it was about.
 */
import { Context } from "effect"

export const AskedBy = Context.Reference<string | undefined>("holdfast/telemetry/AskedBy", {
  defaultValue: () => undefined
})
