/**
 * Listing and searching: pages of intents and refunds, newest first, and the search by metadata.
 *
 * The search understands clauses `metadata['name']:'value'` joined by AND, which is all that the shop asks for.
 */
import type { Form } from "./form.ts"
import type { Intent, Refund } from "./objects.ts"
import { invalidParameter } from "./outcome.ts"
import type { Rejected } from "./outcome.ts"

const defaultLimit = 10
const mostLimit = 100

export interface Page<A> {
  readonly data: ReadonlyArray<A>
  readonly hasMore: boolean
}

/** Objects are kept in the order they were made, so the newest first is the reverse. */
export const pageOf = <A extends { readonly id: string; readonly created: number }>(
  all: Iterable<A>,
  query: Form
): Page<A> => {
  const limit = Math.min(mostLimit, Math.max(1, Number(query.get("limit") ?? defaultLimit) || defaultLimit))
  const bound = (name: string, otherwise: number) => Number(query.get(`created[${name}]`) ?? otherwise)
  const matching = [...all]
    .toReversed()
    .filter(
      ({ created }) =>
        created >= bound("gte", 0) &&
        created > bound("gt", -1) &&
        created <= bound("lte", Infinity) &&
        created < bound("lt", Infinity)
    )
  const after = query.get("starting_after")
  const from = after === undefined ? 0 : matching.findIndex(({ id }) => id === after) + 1
  return { data: matching.slice(from, from + limit), hasMore: matching.length > from + limit }
}

export const refundsOf = (refunds: Iterable<Refund>, query: Form): ReadonlyArray<Refund> => {
  const intent = query.get("payment_intent")
  return [...refunds].filter((refund) => intent === undefined || refund.payment_intent === intent)
}

const clause = /^metadata\[(['"])(.+?)\1\]:(['"])((?:[^\\]|\\.)*?)\3$/

export const searched = (intents: Iterable<Intent>, query: string | undefined): ReadonlyArray<Intent> | Rejected => {
  const wanted: Array<readonly [string, string]> = []
  for (const part of (query ?? "").split(/\s+AND\s+/i)) {
    const match = clause.exec(part.trim())
    if (match === null)
      return invalidParameter("query", "parameter_invalid", "We were unable to parse your search query.")
    wanted.push([match[2] ?? "", (match[4] ?? "").replaceAll(/\\(.)/g, "$1")])
  }
  return [...intents].filter((intent) => wanted.every(([name, value]) => intent.metadata[name] === value))
}
