/** Values for a schema: such as a customer sends, such as nearly are, and such as nobody should. */
import { canaries } from "../canaries/canaries.ts"
import type { Dice } from "./Dice.ts"
import { type Document, type JsonSchema, resolved } from "./document.ts"
import type { Known } from "./Known.ts"

export const naughtyTexts: ReadonlyArray<string> = [
  "",
  " ",
  "\u0000",
  "before\u0000after",
  "\ud800",
  "\udc00\ud800",
  "\ufeff",
  "\u202egnp.exe",
  "\u{1f4a9}".repeat(30),
  "e\u0301",
  "ﷺ".repeat(50),
  "İıſK",
  "null",
  "undefined",
  "NaN",
  "true",
  "-1",
  "1e400",
  "0x10",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "' OR 1=1 --",
  '"; DROP TABLE users; --',
  "1); SELECT pg_sleep(9); --",
  "${jndi:ldap://127.0.0.1/a}",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "../../../../etc/passwd",
  "%00%0d%0aSet-Cookie: a=b",
  "a\r\nX-Injected: yes",
  "$(sleep 9)",
  "\\u0000",
  "\\",
  "x".repeat(101),
  "x".repeat(256),
  "x".repeat(5_000),
  ...Object.values(canaries)
]

const nested = (depth: number, of: "array" | "object"): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = of === "array" ? [value] : { a: value }
  return value
}

const naughtyValues: ReadonlyArray<unknown> = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e300,
  -1e300,
  2 ** 31,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_VALUE,
  [],
  {},
  [[]],
  [null],
  { length: 3 },
  { toString: "x", valueOf: 1 },
  nested(50, "array"),
  nested(50, "object")
]

export const naughty = (dice: Dice): unknown => (dice.chance(0.6) ? dice.one(naughtyTexts) : dice.one(naughtyValues))

/** A member that nobody asked for. No canary: the name of such a member is told to whoever sent it. */
const oddNames = [
  "__proto__",
  "constructor",
  "prototype",
  "",
  "a/b~c",
  "total",
  "role",
  "id",
  "x".repeat(300),
  "\u0000"
]

/** What a customer would send. What a text means is known by its name alone. */
export const valid = (schema: JsonSchema, document: Document, known: Known, dice: Dice, name = ""): unknown => {
  const { anyOf, enum: choices, items, oneOf, properties, required = [], type } = resolved(document, schema)
  const union = anyOf ?? oneOf
  if (union !== undefined && union.length > 0) return valid(dice.one(union), document, known, dice, name)
  if (choices !== undefined && choices.length > 0) return dice.one(choices)
  if (properties !== undefined) {
    const wanted = Object.entries(properties).filter(([key]) => required.includes(key) || dice.chance(0.3))
    return Object.fromEntries(wanted.map(([key, member]) => [key, valid(member, document, known, dice, key)]))
  }
  if (type === "array") {
    const count = 1 + dice.below(3)
    return Array.from({ length: count }, () => valid(items ?? {}, document, known, dice, name))
  }
  if (type === "integer" || type === "number") return 1 + dice.below(3)
  if (type === "boolean") return dice.chance(0.5)
  return known.textFor(name, dice)
}

/** The same with some harm done to it, somewhere. */
export const harmed = (value: unknown, dice: Dice): unknown => {
  if (dice.chance(0.15)) return naughty(dice)
  if (Array.isArray(value)) {
    const list: ReadonlyArray<unknown> = value
    if (dice.chance(0.1)) return Array.from({ length: 60 }, () => list[0])
    if (dice.chance(0.1)) return []
    const at = dice.below(list.length)
    return list.map((item, index) => (index === at ? harmed(item, dice) : item))
  }
  if (typeof value !== "object" || value === null) return naughty(dice)
  const entries = Object.entries(value)
  if (dice.chance(0.2)) return Object.fromEntries(entries.filter(() => dice.chance(0.5)))
  if (dice.chance(0.25)) {
    // Object.defineProperty, so that `__proto__` is a member like any other.
    return Object.defineProperty({ ...value }, dice.one(oddNames), { value: dice.one(naughtyValues), enumerable: true })
  }
  const at = dice.below(entries.length)
  return Object.fromEntries(entries.map(([key, item], index) => [key, index === at ? harmed(item, dice) : item]))
}
