/** The request that a fiber works for. Set by the boundary, around everything that is served. */
import { Context } from "effect"

export interface RequestFacts {
  readonly id: string
  readonly startedMillis: number
}

export const CurrentRequest = Context.Reference<RequestFacts>("holdfast/http/CurrentRequest", {
  defaultValue: () => ({ id: "req_none", startedMillis: 0 })
})
