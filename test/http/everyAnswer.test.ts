/**
 * What every answer carries, over all that the API's document has: who may keep it, what a browser may make of it, and its
 * id; whether it is a success, a refusal, nothing new, nothing at all, headers alone, or no answer to a request even.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { documentOf } from "../../src/http/documentation/document.ts"
import { UserId } from "../../src/users/User.ts"
import { Users } from "../../src/users/Users.ts"
import { type Document, type Operation, operationsOf } from "../fuzz/document.ts"
import { type Answer, Door, json, member, newKey, openDoor, send } from "./door.ts"
import { talk } from "./rawClient.ts"

const operations = operationsOf(documentOf() as unknown as Document)

/** All that anybody but its client may keep. */
const publicPaths = new Set(["/v1/products", "/v1/products/{id}"])
const pages = new Set(["/docs", "/problems", "/problems/{code}"])

const isWhole = (path: string, { headers, status }: Answer, method = "GET") => {
  const said = `${method} ${path} ${status} ${JSON.stringify(headers)}`
  const isPublic = publicPaths.has(path) && (status === 200 || status === 304) && method !== "OPTIONS"
  assert.strictEqual(headers["cache-control"], isPublic ? "public, no-cache" : "no-store", said)
  assert.strictEqual(headers["x-content-type-options"], "nosniff", said)
  assert.strictEqual(headers["referrer-policy"], "no-referrer", said)
  const policy = headers["content-security-policy"] ?? ""
  if (headers["content-type"]?.startsWith("text/html") === true && pages.has(path)) {
    assert.match(
      policy,
      /^default-src 'none'; style-src 'sha256-[^;]+; form-action 'none'; .*frame-ancestors 'none'$/,
      said
    )
  } else assert.strictEqual(policy, "default-src 'none'; frame-ancestors 'none'", said)
  assert.match(headers["request-id"] ?? "", /^req_[0-9a-f]{32}$/, said)
  for (const name of ["server", "x-powered-by", "set-cookie", "strict-transport-security"]) {
    assert.notProperty(headers, name, said)
  }
}

const bodies: Readonly<Record<string, unknown>> = {
  "/v1/users": { email: "ada@example.com", password: "a long enough one", name: "Ada" },
  "/v1/sessions": { email: "nobody@example.com", password: "a long enough one" },
  "/v1/orders": { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" },
  "/v1/orders/{id}/refunds": {}
}

layer(openDoor, { excludeTestServices: true })("every answer", (it) => {
  /** Somebody who may see everything, with an order; and the path of an operation about what there is. */
  const known = Effect.gen(function* () {
    const who = yield* member
    yield* Effect.flatMap(Users, (users) => users.setRole(UserId.make(who.id), "operator"))
    const headers = { ...who.headers, ...newKey(), prefer: "wait=0" }
    const order = json(yield* send("POST", "/v1/orders", { headers, body: bodies["/v1/orders"] }))
    const product = json(yield* send("GET", "/v1/products?limit=1")).data[0]
    const pathOf = (path: string) =>
      path
        .replace("{id}", path.includes("orders") ? order.id : path.includes("products") ? product.id : who.id)
        .replace("{code}", "not_found")
    return { who, pathOf }
  })
  const asked = ({ method, path }: Operation, headers: Record<string, string>) => ({
    headers: { ...headers, ...newKey(), "if-match": '"1"', prefer: "wait=0" },
    ...(method === "POST" ? { body: bodies[path] ?? {} } : {})
  })

  it.effect("of every operation is whole, for who may and for who may not, and so is every refusal of it", () =>
    Effect.gen(function* () {
      const { pathOf, who } = yield* known
      const statuses = new Set<number>()
      // Logging out comes last: it ends the session.
      for (const operation of operations.toSorted((one, other) => (one.method > other.method ? -1 : 1))) {
        const path = pathOf(operation.path)
        const answers = [
          yield* send(operation.method, path, asked(operation, {})),
          yield* send(operation.method, path, asked(operation, who.headers)),
          yield* send(operation.method, path, { headers: { ...who.headers, accept: "image/png" } }),
          yield* send("PURGE", path),
          yield* send(operation.method, `${path}?limit=0&wait=-1`, { headers: who.headers, body: "{" })
        ]
        for (const answer of answers) {
          isWhole(operation.path, answer, operation.method)
          statuses.add(answer.status)
        }
        isWhole(operation.path, yield* send("OPTIONS", path), "OPTIONS")
      }
      for (const status of [200, 201, 202, 204, 400, 401, 405, 406, 409, 412]) {
        assert.isTrue(statuses.has(status), `no ${status} among ${[...statuses]}`)
      }
    })
  )

  it.effect("to a GET may be asked for without its body", () =>
    Effect.gen(function* () {
      const { pathOf, who } = yield* known
      const reads = operations.filter(({ method }) => method === "GET")
      assert.isAbove(reads.length, 15)
      for (const { path } of [...reads, { path: "/docs" }]) {
        for (const headers of [who.headers, {}]) {
          const [head, get] = [
            yield* send("HEAD", pathOf(path), { headers }),
            yield* send("GET", pathOf(path), { headers })
          ]
          assert.deepStrictEqual([head.status, head.text], [get.status, ""], path)
          assert.sameMembers(Object.keys(head.headers), Object.keys(get.headers), path)
          isWhole(path, head)
          isWhole(path, get)
        }
      }
    })
  )

  it.effect("that is not sent again is whole", () =>
    Effect.gen(function* () {
      const { pathOf, who } = yield* known
      const tagged = operations.filter(({ successes }) => successes.has(304))
      assert.isAbove(tagged.length, 3)
      for (const { path } of tagged) {
        const headers = { ...who.headers, "if-none-match": "*" }
        const answer = yield* send("GET", pathOf(path), { headers })
        assert.strictEqual(answer.status, 304, path)
        isWhole(path, answer)
      }
    })
  )

  it.effect.each([
    ["what cannot be parsed", "GARBAGE\r\n\r\n"],
    ["a tunnel", "CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n"],
    ["headers without end", `GET / HTTP/1.1\r\nHost: shop\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
    ["a path without end", `GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: shop\r\n\r\n`],
    ["a path that is too long", `GET /${"x".repeat(9_000)} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n`],
    ["no host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["the server as a whole", "OPTIONS * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"],
    ["a body that is too large", "POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Length: 999999\r\n\r\n"]
  ] as const)("to %s is whole", ([, bytes]) =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const { answers } = yield* talk(port, { says: [bytes] })
      assert.strictEqual(answers.length, 1)
      for (const answer of answers) isWhole("", answer)
    })
  )
})
