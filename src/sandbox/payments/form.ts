/**
 * Reading the provider's form-encoded parameters.
 *
 * A parameter that the endpoint does not know is refused, as the provider refuses it, so that a misspelt one shows in
 * a test and not in production. Nested names keep their brackets: `metadata[order_id]`, `created[gte]`.
 */
import { invalidParameter, missingParameter, rejected } from "./outcome.ts"
import type { Rejected } from "./outcome.ts"

export type Form = ReadonlyMap<string, string>

export const formOf = (pairs: Iterable<readonly [string, string]>): Form => new Map(pairs)

/** `known` lists whole names (`amount`) and families (`metadata[`). */
export const unknownParameter = (form: Form, known: ReadonlyArray<string>): Rejected | undefined => {
  for (const name of form.keys()) {
    if (name === "expand[]" || name.startsWith("expand[")) continue
    if (!known.some((k) => (k.endsWith("[") ? name.startsWith(k) : name === k))) {
      return rejected(400, { code: "parameter_unknown", param: name, message: `Received unknown parameter: ${name}` })
    }
  }
  return undefined
}

export const metadataOf = (form: Form): Record<string, string> => {
  const metadata: Record<string, string> = {}
  for (const [name, value] of form) {
    const key = /^metadata\[([^\]]{1,40})\]$/.exec(name)?.[1]
    if (key !== undefined && value !== "") metadata[key] = value.slice(0, 500)
  }
  return metadata
}

/** `name[0]=a&name[1]=b`. */
export const listOf = (form: Form, name: string): ReadonlyArray<string> =>
  [...form].filter(([key]) => key.startsWith(`${name}[`)).map(([, value]) => value)

/** A whole number of minor units; `undefined` when absent. */
export const amountOf = (form: Form, name: string): number | undefined | Rejected => {
  const text = form.get(name)
  if (text === undefined) return undefined
  if (!/^\d{1,12}$/.test(text)) return invalidParameter(name, "parameter_invalid_integer", `Invalid integer: ${text}`)
  return Number(text)
}

/** The smallest and largest amounts that the provider takes for a card, in cents. */
const smallest = 50
const largest = 99_999_999

export const chargeableAmount = (form: Form): number | Rejected => {
  const amount = amountOf(form, "amount")
  if (amount === undefined) return missingParameter("amount")
  if (typeof amount !== "number") return amount
  if (amount < smallest) return invalidParameter("amount", "amount_too_small", "Amount must be at least 50 cents")
  if (amount > largest) return invalidParameter("amount", "amount_too_large", "Amount must be no more than $999,999.99")
  return amount
}
