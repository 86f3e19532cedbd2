/** What the door itself may answer, whatever the endpoint: for the API's document, and for its client. */
import type { Tag } from "./problems.ts"

export const doorFailures = {
  always: ["MalformedRequest", "HeadersTooLarge", "Unexpected", "Draining"],
  /** Health and status are outside of admission and deadlines. */
  admitted: ["RateLimited", "NodeOverloaded", "DeadlinePassed"],
  withBody: ["PayloadTooLarge", "UnsupportedMediaType", "RequestTimeout"],
  /** What answers JSON alone. */
  underV1: ["NotAcceptable"]
} as const satisfies Readonly<Record<string, ReadonlyArray<Tag>>>
