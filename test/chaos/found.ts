/** What several looks found, together. */
import type { Found } from "./Scenario.ts"

export const gathered = (...all: ReadonlyArray<Found>): Found => ({
  notes: all.flatMap(({ notes }) => notes),
  breaches: all.flatMap(({ breaches }) => breaches)
})
