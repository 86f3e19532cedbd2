/**
 * The database for operators: the same calls on a few connections of their own, so that a person who looks into a
 * node, or the job that checks its invariants, does not wait behind the requests that exhaust its pool.
 */
import { Context } from "effect"
import type { DatabaseCalls } from "./calls.ts"

export class OperatorsDatabase extends Context.Service<OperatorsDatabase, DatabaseCalls>()(
  "holdfast/database/OperatorsDatabase"
) {}
