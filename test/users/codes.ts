/** The machine codes in what a schema says no with, the way that the door reads them. */
import type { Schema } from "effect"
import { Cause, Exit } from "effect"
import type * as SchemaIssue from "effect/SchemaIssue"

const walk = (issue: SchemaIssue.Issue): ReadonlyArray<unknown> => {
  switch (issue._tag) {
    case "Composite":
    case "AnyOf":
      return issue.issues.flatMap(walk)
    case "Pointer":
    case "Encoding":
      return walk(issue.issue)
    case "Filter":
      return [issue.filter.annotations?.["code"]]
    default:
      return [issue._tag]
  }
}

export const codesOf = (exit: Exit.Exit<unknown, Schema.SchemaError>): ReadonlyArray<unknown> =>
  Exit.isSuccess(exit) ? [] : exit.cause.reasons.filter(Cause.isFailReason).flatMap(({ error }) => walk(error.issue))
