/** Every field that is not valid, at once; where, what kind and what is expected, and never what was sent. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { boundary, errorRendering } from "../../src/http/Boundary.ts"
import { ErrorRendering } from "../../src/http/ErrorRendering.ts"
import { parseOptions, payloadParseOptions } from "../../src/http/parsing.ts"
import { failsWith } from "../../src/http/failsWith.ts"
import { Admission } from "../../src/http/Admission.ts"
import { Deadlines } from "../../src/http/Deadlines.ts"
import { RequestId } from "../../src/http/RequestId.ts"
import { Routes } from "../../src/http/Routes.ts"
import { fieldsOf, member, newKey, openDoor, refusal, send, serving } from "./door.ts"

const orders = (body: unknown, asked: { readonly headers: Record<string, string> }) =>
  refusal([400, "validation_failed"], "POST", "/v1/orders", { ...asked, body })

const invalidCart = {
  lines: [
    { sku: "no sku", quantity: 0 },
    { sku: "KITCHEN-KETTLE-12", quantity: 1.5, gift: true },
    { quantity: "two" },
    { sku: "KITCHEN-KETTLE-12", quantity: 101 }
  ],
  payment_method: "4242424242424242",
  discount_code: 7,
  client_reference: "\u0000",
  expected_total: -1,
  total: 1
}

layer(openDoor, { excludeTestServices: true })("an invalid payload", (it) => {
  it.effect("names every field that is not valid in one answer, the key too", () =>
    Effect.gen(function* () {
      const { problem } = yield* orders(invalidCart, yield* member)
      assert.deepStrictEqual(fieldsOf(problem), [
        "headers /idempotency-key required",
        "payload /client_reference invalid_characters",
        "payload /discount_code invalid_type",
        "payload /expected_total out_of_range",
        "payload /lines/0/quantity out_of_range",
        "payload /lines/0/sku invalid_format",
        "payload /lines/1/gift unknown_member",
        "payload /lines/1/quantity invalid_value",
        "payload /lines/2/quantity invalid_type",
        "payload /lines/2/sku required",
        "payload /lines/3/quantity out_of_range",
        "payload /payment_method invalid_format",
        "payload /total unknown_member"
      ])
      assert.notProperty(problem, "errors_truncated")
    })
  )

  it.effect("names a product that stands in two lines", () =>
    Effect.gen(function* () {
      const line = { sku: "KITCHEN-KETTLE-12", quantity: 1 }
      const { headers } = yield* member
      const asked = { headers: { ...headers, ...newKey() } }
      const { problem } = yield* orders({ lines: [line, line], payment_method: "pm_card_visa" }, asked)
      assert.deepStrictEqual(fieldsOf(problem), ["payload /lines/1/sku duplicate"])
    })
  )

  it.effect("that is no object at all is one error, at its root", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      for (const body of ["null", "[]", "7", '"text"']) {
        const { problem } = yield* orders(body, { headers: { ...headers, ...newKey() } })
        assert.deepStrictEqual(fieldsOf(problem), ["payload  invalid_type"], body)
      }
    })
  )

  it.effect("names a key that is no key, and does not ask for one where it is a choice", () =>
    Effect.gen(function* () {
      const body = { email: "nobody", password: "a long enough one", name: "Ada" }
      const refused = (headers: Record<string, string>) =>
        Effect.map(refusal([400, "validation_failed"], "POST", "/v1/users", { headers, body }), ({ problem }) =>
          fieldsOf(problem)
        )
      const email = "payload /email invalid_format"
      assert.deepStrictEqual(yield* refused({}), [email])
      assert.deepStrictEqual(yield* refused({ "idempotency-key": "a-key-of-mine" }), [email])
      assert.deepStrictEqual(yield* refused({ "idempotency-key": "short" }), [
        "headers /idempotency-key invalid_format",
        email
      ])
    })
  )

  it.effect("of a sign-up says what is wrong with each field in words", () =>
    Effect.gen(function* () {
      const body = { email: "nobody", password: "short", name: "x" }
      const { problem } = yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body })
      assert.deepStrictEqual(
        problem.errors?.map(({ code, message, pointer }) => [pointer, code, message]),
        [
          ["/email", "invalid_format", "This is not an email address."],
          ["/password", "too_short", "A password has at least 8 bytes."],
          ["/name", "too_short", "A name has at least 2 characters."]
        ]
      )
    })
  )

  it.effect("uses no key up", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const keyed = { headers: { ...headers, ...newKey() } }
      yield* orders({ lines: [] }, keyed)
      const body = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
      assert.strictEqual((yield* send("POST", "/v1/orders", { ...keyed, body })).status, 201)
    })
  )

  it.effect("with more than a hundred errors names a hundred, and says that there are more", () =>
    Effect.gen(function* () {
      const person = { email: "a@example.com", password: "a long enough one", name: "A Person" }
      const more = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`more_${n}`, n]))
      const refused = (count: number) =>
        refusal([400, "validation_failed"], "POST", "/v1/users", { body: { ...person, ...more(count) } })
      const [{ problem: over }, { problem: exact }] = [yield* refused(150), yield* refused(100)]
      assert.deepStrictEqual([over.errors?.length, over.errors_truncated], [100, true])
      assert.deepStrictEqual([exact.errors?.length, exact.errors_truncated], [100, undefined])
    })
  )

  it.effect("with odd names of members has pointers that are escaped", () =>
    Effect.gen(function* () {
      const body = '{"a/b": 1, "c~d": 1, "~1": 1, "": 1, "__proto__": 1, "é\\u0000": 1}'
      const { problem } = yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body })
      const unknown = problem.errors?.filter(({ code }) => code === "unknown_member").map(({ pointer }) => pointer)
      assert.deepStrictEqual(unknown?.sort(), ["/", "/__proto__", "/a~1b", "/c~0d", "/é\u0000", "/~01"].sort())
    })
  )
})

layer(openDoor, { excludeTestServices: true })("an invalid path or query", (it) => {
  it.effect("is named together", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const asked = { headers }
      const { problem } = yield* refusal([400, "validation_failed"], "GET", "/v1/orders/mine?wait=31", asked)
      assert.deepStrictEqual(fieldsOf(problem), ["path /id invalid_format", "query /wait out_of_range"])
    })
  )

  it.effect.each([
    ["limit=0", "out_of_range"],
    ["limit=101", "out_of_range"],
    ["limit=1.5", "invalid_type"],
    ["limit=many", "invalid_type"],
    ["limit=", "out_of_range"]
  ] as const)("%s is refused as %s", ([query, code]) =>
    Effect.gen(function* () {
      const { problem } = yield* refusal([400, "validation_failed"], "GET", `/v1/products?${query}`)
      assert.deepStrictEqual(fieldsOf(problem), [`query /limit ${code}`])
    })
  )
})

layer(openDoor, { excludeTestServices: true })("what was sent", (it) => {
  const canary = "Kanarienvogel"
  const inEverything = [
    ["POST", "/v1/users", { body: { email: canary, password: { [canary]: 1 }, name: [canary] } }],
    ["POST", "/v1/users", { body: `{"email": ${canary}` }],
    ["POST", "/v1/users", { body: "{}", headers: { "content-type": `text/${canary}` } }],
    ["POST", "/v1/users", { body: "{}", headers: { "content-encoding": canary } }],
    ["POST", "/v1/sessions", { body: { email: `${canary}@example.com`, password: canary } }],
    ["POST", "/v1/orders", { body: { lines: canary, payment_method: canary }, headers: { "idempotency-key": canary } }],
    ["POST", "/v1/orders", { body: {}, headers: { "idempotency-key": `"${canary}` } }],
    ["GET", `/v1/products/${canary}?limit=${canary}&cursor=${canary}`, {}],
    ["GET", `/v1/products?limit=${canary}&cursor=${canary}&limit=1`, {}],
    ["GET", `/v1/orders/${canary}?wait=${canary}`, {}],
    ["GET", `/${canary}`, {}],
    ["GET", "/v1/users/me", { headers: { authorization: `Bearer ${canary}`, "x-request-id": canary } }]
  ] as const

  it.effect("is in no refusal: not in its body, not in its headers", () =>
    Effect.gen(function* () {
      const { headers: known } = yield* member
      for (const [method, path, asked] of inEverything) {
        const headers = { ...known, ...("headers" in asked ? asked.headers : {}) }
        const answer = yield* send(method, path, { ...asked, headers })
        assert.isAtLeast(answer.status, 400)
        assert.notInclude(JSON.stringify(answer), canary, `${method} ${path}`)
      }
    })
  )

  it.effect("is only shown as a member's name, where that is the error", () =>
    Effect.gen(function* () {
      const body = { [canary]: `${canary} value` }
      const { problem, text } = yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body })
      assert.include(fieldsOf(problem), `payload /${canary} unknown_member`)
      assert.notInclude(text, `${canary} value`)
    })
  )
})

/** An endpoint with something to get wrong in every slot; the shop's own have three at most. */
const WholeApi = HttpApi.make("whole")
  .add(
    HttpApiGroup.make("whole").add(
      HttpApiEndpoint.post("everything", "/whole/:count", {
        params: { count: Schema.NumberFromString.check(Schema.isInt({ code: "invalid_type" })) },
        query: { page: Schema.String.check(Schema.isMaxLength(3, { code: "too_long" })), sort: Schema.Literal("name") },
        headers: { "x-color": Schema.Literals(["red", "blue"]) },
        payload: Schema.Struct({ text: Schema.String, size: Schema.Int }),
        success: Schema.Struct({ ok: Schema.Boolean }),
        error: failsWith("ValidationFailed", "MalformedRequest")
      })
    )
  )
  .annotate(HttpApi.ParseOptions, parseOptions)
  .annotate(HttpApi.PayloadParseOptions, payloadParseOptions)
  .middleware(ErrorRendering)

const wholeHandlers = HttpApiBuilder.group(WholeApi, "whole", (handlers) =>
  handlers.handleAll({ everything: () => Effect.succeed({ ok: true }) })
)

const wholeDoor = serving(
  HttpRouter.serve(
    HttpApiBuilder.layer(WholeApi).pipe(
      Layer.provide(wholeHandlers),
      Layer.provide([boundary, errorRendering]),
      Layer.provide([Admission.layerOpen, Deadlines.layerNone, RequestId.layer, Routes.layer])
    ),
    { disableLogger: true, disableListenLog: true }
  )
)

layer(wholeDoor, { excludeTestServices: true })("a request with something wrong in every slot", (it) => {
  const wrong = { headers: { "x-color": "green" }, body: { size: "big", more: 1 } }

  it.effect("names all of it in one answer", () =>
    Effect.gen(function* () {
      const { problem } = yield* refusal([400, "validation_failed"], "POST", "/whole/few?page=long&sort=age", wrong)
      assert.deepStrictEqual(fieldsOf(problem), [
        "headers /x-color invalid_value",
        "path /count invalid_type",
        "payload /more unknown_member",
        "payload /size invalid_type",
        "payload /text required",
        "query /page too_long",
        "query /sort invalid_type"
      ])
    })
  )

  it.effect("names what is behind the first slot that fails, whichever that is", () =>
    Effect.gen(function* () {
      const { problem } = yield* refusal([400, "validation_failed"], "POST", "/whole/1?page=long", {
        ...wrong,
        headers: { "x-color": "red" }
      })
      assert.deepStrictEqual(fieldsOf(problem), [
        "payload /more unknown_member",
        "payload /size invalid_type",
        "payload /text required",
        "query /page too_long",
        "query /sort required"
      ])
    })
  )

  it.effect("is malformed when its body is no JSON, whatever else is wrong", () =>
    refusal([400, "malformed_request"], "POST", "/whole/few?page=long", { ...wrong, body: "{" })
  )

  it.effect("says that an empty body is missing, beside the rest", () =>
    Effect.gen(function* () {
      const { problem } = yield* refusal([400, "validation_failed"], "POST", "/whole/few?page=1&sort=name", {
        headers: { "x-color": "red" },
        body: ""
      })
      assert.deepStrictEqual(fieldsOf(problem), ["path /count invalid_type", "payload  required"])
    })
  )
})
