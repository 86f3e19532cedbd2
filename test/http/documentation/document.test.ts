/** The API's document: complete, true to the server, and readable by the tools of others. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Schema } from "effect"
import { HttpApi, OpenApi } from "effect/http-api"
import { Api } from "../../../src/http/Api.ts"
import { documentOf } from "../../../src/http/documentation/document.ts"
import { failuresByOperation } from "../../../src/http/documentation/failures.ts"
import { groups, operations } from "../../../src/http/documentation/operations.ts"
import { bodies, shapes } from "../../../src/http/documentation/samples.ts"
import { Deferred } from "../../../src/http/deferred/DeferredApi.ts"
import { OrderAccepted, Refund } from "../../../src/http/orders/OrdersApi.ts"
import { Session } from "../../../src/http/users/UsersApi.ts"
import { Problem } from "../../../src/http/Problem.ts"
import { problems } from "../../../src/http/problems.ts"
import { Money, Product } from "../../../src/catalog/Product.ts"
import { Cart, Order } from "../../../src/orders/Order.ts"
import { User } from "../../../src/users/User.ts"
import { findings } from "./tools.ts"

interface Operation {
  readonly operationId: string
  readonly parameters: ReadonlyArray<{ readonly $ref?: string; readonly name?: string }>
  readonly security: ReadonlyArray<object>
  readonly responses: Readonly<Record<string, { readonly content?: object }>>
}
const document = documentOf()
const all = Object.values(document.paths).flatMap((item) => Object.values(item as Record<string, Operation>))
const operation = (id: string | undefined) => all.find(({ operationId }) => operationId === id)
const codesOf = (id: string, status: number): Array<string> => {
  const text = JSON.stringify(operation(id)?.responses[status]?.content ?? {})
  return (/"code":\{"enum":(\[.*?\])/.exec(text)?.[1] ?? "").match(/\w+/g) ?? []
}
const parametersOf = (id: string | undefined) =>
  (operation(id)?.parameters ?? []).map(({ $ref, name }) => name ?? $ref?.split("/").pop())

describe("the API's document", () => {
  it("gives Redocly's recommended rules nothing to find", async () => {
    assert.deepStrictEqual(await findings(document), [])
    const { info: _, ...without } = document
    assert.isNotEmpty(await findings(without))
  })

  it("has every endpoint but those that are kept out of it, and words for each", () => {
    const served: Array<string> = []
    HttpApi.reflect(Api, {
      onGroup: () => undefined,
      onEndpoint: ({ endpoint, group, mergedAnnotations }) => {
        if (!Context.get(mergedAnnotations, OpenApi.Exclude)) served.push(`${group.identifier}.${endpoint.identifier}`)
      }
    })
    assert.deepStrictEqual(all.map(({ operationId }) => operationId).sort(), served.sort())
    assert.deepStrictEqual(Object.keys(operations).sort(), served)
    assert.deepStrictEqual(Object.keys(groups).sort(), document.tags.map(({ name }) => name).sort())
  })

  it("lists the problems of an operation under their statuses: its own, its token's and the door's", () => {
    assert.sameMembers(codesOf("orders.place", 409), ["price_changed", "insufficient_stock", "idempotency_in_flight"])
    assert.include(codesOf("orders.place", 401), "unauthenticated")
    assert.sameMembers(codesOf("orders.cancel", 428), ["precondition_required"])
    assert.include(codesOf("orders.place", 503), "overloaded")
    assert.notInclude(codesOf("status.status", 503), "overloaded")
    assert.deepStrictEqual(codesOf("catalog.get", 409), [])
    for (const [id, tags] of failuresByOperation()) {
      if (operation(id) === undefined) continue
      for (const tag of tags) assert.include(codesOf(id, problems[tag].status), problems[tag].code, `${id} ${tag}`)
    }
  })

  it("asks for a token where the server does", () => {
    for (const id of ["orders.place", "users.me", "sessions.logOut"]) {
      assert.deepStrictEqual(operation(id)?.security, [{ bearer: [] }])
    }
    for (const id of ["catalog.list", "users.signUp", "status.status"])
      assert.deepStrictEqual(operation(id)?.security, [])
    assert.deepStrictEqual(operation("deferred.get")?.security, [{}, { bearer: [] }])
  })

  it("names the headers that an operation reads", () => {
    assert.deepStrictEqual(parametersOf("orders.cancel"), [
      "id",
      "Idempotency-Key",
      "If-Match",
      "Prefer",
      "Request-Timeout"
    ])
    assert.deepStrictEqual(parametersOf("catalog.list"), ["limit", "cursor", "If-None-Match", "Request-Timeout"])
  })

  it("says that what has a tag may be as the client knows it, and nothing else", () => {
    const conditional = all.filter(({ responses }) => "304" in responses).map(({ operationId }) => operationId)
    assert.sameMembers(conditional, ["users.me", "users.get", "users.list", "catalog.list", "catalog.get"])
    for (const id of conditional) {
      assert.include(parametersOf(id), "If-None-Match")
      assert.isUndefined(operation(id)?.responses["304"]?.content)
    }
  })

  it("is of no browser: what depends on who asks from where is not in it", () => {
    assert.notMatch(JSON.stringify(document), /access-control|strict-transport|"deprecated"|sunset/i)
  })

  it("closes what is sent, and leaves what is answered open", () => {
    const { Cart: cart, Order: order } = document.components.schemas
    assert.propertyVal(cart, "additionalProperties", false)
    assert.notInclude(JSON.stringify(order), "additionalProperties")
  })

  it("answers no password", () => {
    const { Password: _, PasswordAttempt: _attempt, ...shown } = document.components.schemas
    const answered = JSON.stringify([all.map(({ responses }) => responses), shown])
    assert.notMatch(answered, /"password"|schemas\/Password/)
    assert.match(JSON.stringify(document.paths), /"password"/)
  })

  it("has no shape under two names", () => {
    assert.notMatch(JSON.stringify(document), /#\/components\/schemas\/\w*(?:Encoded|_\d)/)
  })
})

describe("the examples", () => {
  const schemas: Readonly<Record<string, Schema.Decoder<unknown>>> = {
    Cart,
    Deferred,
    Money,
    Order,
    OrderAccepted,
    Product,
    Refund,
    Session,
    User
  }
  it.each(Object.entries(shapes))("%s is what its schema says", (name, sample) => {
    Schema.decodeUnknownSync(schemas[name] ?? Schema.Never)(sample, { onExcessProperty: "error" })
  })

  it("of problems are problems", () => {
    const { examples } = document.components as unknown as {
      readonly examples: Record<string, { readonly value: unknown }>
    }
    assert.isAbove(Object.keys(examples).length, 30)
    for (const { value } of Object.values(examples)) {
      Schema.decodeUnknownSync(Problem)(JSON.parse(JSON.stringify(value)), { onExcessProperty: "error" })
    }
  })

  it("of bodies are of operations that there are", () => {
    for (const id of Object.keys(bodies)) assert.isDefined(operation(id), id)
  })
})
