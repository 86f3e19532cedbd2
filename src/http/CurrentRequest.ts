/** The request that a fiber works for. Set by the boundary, around everything that is served. */
import { Context, Effect } from "effect"
import type { Standing } from "./rates/rateHeaders.ts"

/** What is said of a request on its way, for whoever counts it at its end. */
export interface Told {
  /** The path of its endpoint, as the contract has it; absent when there is none. */
  route?: string
  /** It was answered with a substitute. */
  degraded: boolean
  /** The code of the problem that it was answered with. */
  code?: string
  /** The dependency that the problem is about. */
  dependency?: string
  /** The path of what it has made durable already: whatever fails after that does not undo it. */
  committed?: string
  /** What is said of its key on any answer from then on. */
  keyed?: Readonly<Record<string, string>>
}

export interface RequestFacts {
  readonly told: Told
  readonly id: string
  readonly startedNanos: bigint
  /** The rate limits that it counted for, in order; added to as they are found out. */
  readonly standings: Array<Standing>
}

export const CurrentRequest = Context.Reference<RequestFacts>("holdfast/http/CurrentRequest", {
  defaultValue: () => ({ id: "req_none", startedNanos: 0n, told: { degraded: false }, standings: [] })
})

/** Says that something durable was done, where it is, and under which key: a failure to tell more of it says so, too. */
export const hasCommitted = (path: string, keyed: Readonly<Record<string, string>>) =>
  Effect.map(CurrentRequest, ({ told }) => void Object.assign(told, { committed: path, keyed }))

/** Says that the answer is not the live one. */
export const answeredDegraded = Effect.map(CurrentRequest, ({ told }) => void (told.degraded = true))
