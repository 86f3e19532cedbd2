/**
 * Makes the schemas of the API's document what a reader expects: one name for one shape, no bounds that every integer
 * has, and answers that may gain members.
 */
type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [member: string]: Json }
type Members = { readonly [member: string]: Json }

const isMembers = (value: Json): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const mapped = (value: Json, change: (members: Members) => Members): Json => {
  if (Array.isArray(value)) return value.map((each: Json) => mapped(each, change))
  if (!isMembers(value)) return value
  return Object.fromEntries(Object.entries(change(value)).map(([name, each]) => [name, mapped(each, change)]))
}

/** A shape is named after what it is; that it is on the wire, or used in two places, is not part of its name. */
export const nameOf = (name: string): string => name.replace(/(?:Encoded)?(?:_\d+)?$/, "")

const safe = Number.MAX_SAFE_INTEGER
const boundless = (members: Members): Members => {
  const { maximum, minimum, ...rest } = members
  if (members["type"] !== "integer") return members
  return {
    ...rest,
    ...(minimum === undefined || minimum === -safe ? {} : { minimum }),
    ...(maximum === undefined || maximum === safe ? {} : { maximum })
  }
}

const renamed = (members: Members): Members => {
  const { $ref } = members
  if (typeof $ref !== "string" || !$ref.startsWith("#/components/schemas/")) return members
  return { ...members, $ref: `#/components/schemas/${nameOf($ref.slice("#/components/schemas/".length))}` }
}

/** Times are text in a form of their own. The schemas say nothing of it, the members' names do. */
const dated = (members: Members): Members => {
  const { properties } = members
  if (properties === undefined || !isMembers(properties)) return members
  const isTime = (name: string) =>
    /(?:_at|_of|_until)$/.test(name) || ["since", "until", "at", "timestamp"].includes(name)
  return {
    ...members,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, schema]) => [
        name,
        isTime(name) && isMembers(schema) && schema["type"] === "string" ? { ...schema, format: "date-time" } : schema
      ])
    )
  }
}

export const tidied = <A>(schema: A): A => mapped(schema as Json, (members) => dated(renamed(boundless(members)))) as A

/** An answer may gain members: who reads it ignores what it does not know. */
export const growing = <A>(schema: A): A =>
  mapped(schema as Json, ({ additionalProperties, ...rest }) =>
    additionalProperties === false || additionalProperties === undefined ? rest : { ...rest, additionalProperties }
  ) as A
