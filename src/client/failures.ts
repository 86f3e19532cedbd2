/**
 * How a call of the client ends when it does not succeed.
 *
 * A problem that the server answers is a `Refused` with the tag that the error has on the server (`EmailTaken`,
 * `InsufficientStock`, …), told by its code among those that the operation declares. What the error knew inside of the
 * server is not on the wire; `problem` is all that is. The other three have no problem: nobody answered, or what was
 * answered is not known here, or the request was never sent.
 */
import { doorFailures } from "../http/doorFailures.ts"
import type { Problem } from "../http/Problem.ts"
import { problems, type Tag } from "../http/problems.ts"

/** The server's answer is a problem. */
export class Refused<T extends Tag = Tag> {
  readonly _tag: T
  readonly problem: Problem
  constructor(tag: T, problem: Problem) {
    this._tag = tag
    this.problem = problem
  }
}

/** A problem with a code that this version of the client does not know: switch on `problem.retry`. */
export class UnknownProblem {
  readonly _tag = "UnknownProblem"
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}

/**
 * `connection`: it broke, or there was none. `deadline`: the call's time was up. `unreadable`: something answered, and
 * not in the API's words: a proxy perhaps. Whether anything was done is not known; a repeat under the same key is safe.
 */
export class NoAnswer {
  readonly _tag = "NoAnswer"
  readonly reason: "connection" | "deadline" | "unreadable"
  readonly status: number | undefined
  readonly retryAfterSeconds: number | undefined
  constructor(reason: NoAnswer["reason"], answer: { readonly status?: number; readonly retryAfter?: number } = {}) {
    this.reason = reason
    this.status = answer.status
    this.retryAfterSeconds = answer.retryAfter
  }
}

/** The request is not what the contract says: it was not sent. `message` names the fields, never their values. */
export class NotSent {
  readonly _tag = "NotSent"
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** What the door may answer to any request. */
const anywhere = Object.values(doorFailures).flat()
export type Anywhere = (typeof anywhere)[number]

/** Errors of one code: what the first of the problem's fields has as its code tells them apart. */
const fieldCodes: { readonly [T in Tag]?: string } = {
  DiscountNotApplicable: "discount_",
  MixedCurrencies: "mixed_currencies",
  RefundTooLarge: "refund_too_large",
  TotalNotPayable: "total_not_payable"
}

/** The failure that a problem is, of an operation that declares these. */
export const failureOf = (problem: Problem, declared: ReadonlyArray<Tag>): Refused | UnknownProblem => {
  const candidates = [...declared, ...anywhere].filter((tag) => problems[tag].code === problem.code)
  const field = problem.errors?.[0]?.code ?? ""
  const told = candidates.find((tag) => fieldCodes[tag] !== undefined && field.startsWith(fieldCodes[tag]))
  const tag = told ?? candidates[0]
  return tag === undefined ? new UnknownProblem(problem) : new Refused(tag, problem)
}
