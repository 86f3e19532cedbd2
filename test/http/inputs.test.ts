/**
 * Every field that the API's document has, given what no field takes: text that cannot be stored, numbers that are none,
 * members that nobody asked for, lists that are too long. Each is refused by name, and nothing else is.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { documentOf } from "../../src/http/documentation/document.ts"
import { UserId } from "../../src/users/User.ts"
import { Users } from "../../src/users/Users.ts"
import { type Document, type JsonSchema, operationsOf, resolved } from "../fuzz/document.ts"
import { fieldsOf, member, newKey, openDoor, problemIn, refusal, send } from "./door.ts"

const document = documentOf() as unknown as Document
const signed = "/v1/webhooks/payments"
const operations = operationsOf(document).filter(({ body, path }) => body !== undefined && path !== signed)

/** A body of each operation in which every field is valid. */
const valid: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/v1/users": { email: "ada@example.com", password: "a long enough one", name: "Ada" },
  "/v1/sessions": { email: "ada@example.com", password: "a long enough one", device: "dev_x" },
  "/v1/orders": {
    lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }],
    payment_method: "pm_card_visa",
    discount_code: "NONE",
    client_reference: "mine",
    expected_total: 1
  },
  "/v1/orders/{id}/refunds": { amount: 1 }
}
/** These are hashed or compared, and stored nowhere: what they are made of matters to nobody. */
const onlyCompared = new Set(["/v1/users /password", "/v1/sessions /password", "/v1/sessions /device"])

interface Field {
  readonly pointer: string
  readonly schema: JsonSchema
}
const fieldsIn = (schema: JsonSchema, pointer = ""): ReadonlyArray<Field> => {
  const { items, properties = {} } = resolved(document, schema)
  const inside = items === undefined ? [] : fieldsIn(items, `${pointer}/0`)
  const members = Object.entries(properties).flatMap(([name, member]) => fieldsIn(member, `${pointer}/${name}`))
  return [{ pointer, schema: resolved(document, schema) }, ...inside, ...members]
}
const isText = ({ schema }: Field) => schema.type === "string"
const isNumber = ({ schema }: Field) => schema.type === "integer" || schema.type === "number"
const isObject = ({ schema }: Field) => schema.properties !== undefined

const placeholder = "__HERE__"

/** The valid body with this text of JSON in one place. */
const withAt = (body: unknown, pointer: string, text: string): string => {
  const replaced = (value: unknown, [key, ...rest]: ReadonlyArray<string>): unknown => {
    if (key === undefined) return placeholder
    if (Array.isArray(value)) return value.map((each, index) => (String(index) === key ? replaced(each, rest) : each))
    const members = value as Readonly<Record<string, unknown>>
    return { ...members, [key]: replaced(members[key], rest) }
  }
  return JSON.stringify(replaced(body, pointer.split("/").slice(1))).replace(`"${placeholder}"`, text)
}

layer(openDoor, { excludeTestServices: true })("a field", (it) => {
  const operator = Effect.gen(function* () {
    const who = yield* member
    yield* Effect.flatMap(Users, (users) => users.setRole(UserId.make(who.id), "operator"))
    return who.headers
  })
  const pathOf = (path: string) => path.replace("{id}", "ord_1")
  const each = (
    which: (field: Field) => boolean,
    texts: ReadonlyArray<string>,
    check: (at: string, text: string, answer: ReturnType<typeof fieldsOf>) => void
  ) =>
    Effect.gen(function* () {
      const headers = yield* operator
      let fields = 0
      for (const { body, path } of operations) {
        for (const { pointer } of fieldsIn(body ?? {}).filter(which)) {
          if (onlyCompared.has(`${path} ${pointer}`)) continue
          fields++
          for (const text of texts) {
            const sent = withAt(valid[path], pointer, text)
            const answer = yield* send("POST", pathOf(path), { headers: { ...headers, ...newKey() }, body: sent })
            const problem = problemIn(answer)
            assert.strictEqual(problem.code, "validation_failed", `${path} ${pointer} ${text}: ${answer.text}`)
            check(pointer, `${path} ${pointer} ${text}`, fieldsOf(problem))
          }
        }
      }
      return fields
    })

  it.effect("knows all operations that take a body", () =>
    Effect.sync(() =>
      assert.sameMembers(
        operations.map(({ path }) => path),
        Object.keys(valid)
      )
    )
  )

  it.effect("of text takes nothing that cannot be stored", () =>
    Effect.gen(function* () {
      const texts = ['"\\u0000"', '"be\\u0000tween"', '"\\ud800"', '"be\\udc00tween"', '"\\ud83d\\ud83d"']
      const fields = yield* each(isText, texts, (pointer, said, refused) => {
        assert.deepStrictEqual([...new Set(refused.map((field) => field.split(" ")[1]))], [pointer], said)
      })
      assert.strictEqual(fields, 7)
    })
  )

  it.effect("that is hashed takes it as what it is: another password, or the wrong one; but no half characters", () =>
    Effect.gen(function* () {
      const half = withAt(valid["/v1/users"], "/password", '"be\\ud800tween"')
      const { problem } = yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body: half })
      assert.deepStrictEqual(fieldsOf(problem), ["payload /password invalid_characters"])
      for (const text of ['"be\\u0000tween"', '"be\\ud800tween"']) {
        const body = withAt(valid["/v1/sessions"], "/password", text)
        yield* refusal([401, "invalid_credentials"], "POST", "/v1/sessions", { body })
        const device = withAt(valid["/v1/sessions"], "/device", text)
        yield* refusal([401, "invalid_credentials"], "POST", "/v1/sessions", { body: device })
      }
    })
  )

  it.effect("of numbers takes whole ones within its bounds, written as numbers", () =>
    Effect.gen(function* () {
      const texts = ["1e400", "-1e400", "1e300", "9007199254740992", "-1", "1.5", '"1"', "null", "true", "[1]", "{}"]
      const fields = yield* each(isNumber, texts, (pointer, said, refused) => {
        assert.deepStrictEqual([...new Set(refused.map((field) => field.split(" ")[1]))], [pointer], said)
      })
      assert.strictEqual(fields, 3)
    })
  )

  it.effect("that counts takes no nothing, however it is signed", () =>
    Effect.gen(function* () {
      const headers = yield* operator
      for (const [path, pointer] of [
        ["/v1/orders", "/lines/0/quantity"],
        ["/v1/orders/{id}/refunds", "/amount"]
      ] as const) {
        for (const zero of ["0", "-0", "0e5", "-0.0"]) {
          const asked = { headers: { ...headers, ...newKey() }, body: withAt(valid[path], pointer, zero) }
          const { problem } = yield* refusal([400, "validation_failed"], "POST", pathOf(path), asked)
          assert.deepStrictEqual(fieldsOf(problem), [`payload ${pointer} out_of_range`])
        }
      }
    })
  )

  it.effect("that nobody asked for is one, wherever it stands", () =>
    Effect.gen(function* () {
      const headers = yield* operator
      let objects = 0
      for (const { body, path } of operations) {
        for (const { pointer } of fieldsIn(body ?? {}).filter(isObject)) {
          objects++
          for (const name of ["more", "__proto__", "constructor", "paymentMethod"]) {
            const at = `${pointer}/${name}`
            const sent = withAt(valid[path], `${pointer}/MORE`, "1").replace('"MORE"', JSON.stringify(name))
            const asked = { headers: { ...headers, ...newKey() }, body: sent }
            const { problem } = yield* refusal([400, "validation_failed"], "POST", pathOf(path), asked)
            assert.deepStrictEqual(fieldsOf(problem), [`payload ${at} unknown_member`], `${path} ${at}`)
          }
        }
      }
      assert.strictEqual(objects, 5)
    })
  )

  it.effect("that is a list has as many entries as an order may have lines", () =>
    Effect.gen(function* () {
      const headers = yield* operator
      const line = (index: number) => ({ sku: `SKU-${index}`, quantity: 1 })
      const asked = (count: number) => ({
        headers: { ...headers, ...newKey() },
        body: { ...valid["/v1/orders"], lines: Array.from({ length: count }, (_, index) => line(index)) }
      })
      for (const [count, code] of [
        [0, "too_short"],
        [51, "too_long"],
        [900, "too_long"]
      ] as const) {
        const { problem } = yield* refusal([400, "validation_failed"], "POST", "/v1/orders", asked(count))
        assert.deepStrictEqual(fieldsOf(problem), [`payload /lines ${code}`])
      }
      yield* refusal([422, "unknown_reference"], "POST", "/v1/orders", asked(50))
    })
  )

  it.effect("of a path or a query takes nothing that cannot be stored", () =>
    Effect.gen(function* () {
      const headers = yield* operator
      const paths = [...new Set(operationsOf(document).flatMap(({ method, path }) => (method === "GET" ? [path] : [])))]
      const odd = [
        "%00",
        "a%00b",
        "%ED%A0%80",
        "%C0%AF",
        "%FF",
        "%zz",
        "%",
        "\\",
        "%0d%0aX-Injected:%20yes",
        "%F0%9F%92%A9"
      ]
      for (const text of odd) {
        const inPath = paths.filter((path) => path.includes("{")).map((path) => path.replace(/\{\w+\}/, text))
        const inQuery = ["limit", "cursor"].map((name) => `/v1/products?${name}=${text}`)
        const more = ["/v1/orders?idempotency_key=long-enough%00", `/v1/orders/ord_1?wait=${text}`]
        for (const path of [...inPath, ...inQuery, ...more]) {
          const answer = yield* send("GET", path, { headers })
          assert.include([400, 404], answer.status, path)
          problemIn(answer)
          assert.notProperty(answer.headers, "x-injected")
        }
      }
    })
  )
})
