/** What an answer says to browsers: that this host speaks TLS alone, and which pages may read it. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { CorsOrigins } from "../../src/http/browserHeaders.ts"
import { TrustedProxies } from "../../src/http/rates/clientAddress.ts"
import { type Answer, member, newKey, openDoor, problemIn, send } from "./door.ts"

const behind = (proxies: ReadonlyArray<string>) => Layer.provide(openDoor, Layer.succeed(TrustedProxies, proxies))
const hsts = "strict-transport-security"

/** One answer of each kind, by whoever produces it. */
const everyKind = Effect.fnUntraced(function* (headers: Record<string, string>) {
  const tag = (yield* send("GET", "/v1/products")).headers["etag"] ?? ""
  const who = yield* member
  return yield* Effect.all([
    send("GET", "/livez", { headers }),
    send("HEAD", "/v1/products", { headers }),
    send("GET", "/v1/products", { headers: { ...headers, "if-none-match": tag } }),
    send("DELETE", "/v1/sessions", { headers: { ...headers, ...who.headers } }),
    send("OPTIONS", "/v1/products", { headers }),
    send("GET", "/v1/nothing", { headers }),
    send("PUT", "/v1/users", { headers }),
    send("GET", "/v1/users/me", { headers }),
    send("POST", "/v1/users", { headers, body: "{" }),
    send("POST", "/v1/users", { headers: { ...headers, "content-encoding": "gzip" }, body: "{}" }),
    send("GET", "/docs", { headers })
  ])
})
const statuses = [200, 200, 304, 204, 204, 404, 405, 401, 400, 415, 200]
const statusesOf = (answers: ReadonlyArray<Answer>) => answers.map(({ status }) => status)

describe("a host behind TLS", () => {
  layer(behind(["127.0.0.1"]), { excludeTestServices: true })("with a proxy that it trusts", (it) => {
    it.effect.each(["https", "https, http", "HTTPS"])("speaks nothing else, on every answer: %s", (proto) =>
      Effect.gen(function* () {
        const answers = yield* everyKind({ "x-forwarded-proto": proto })
        assert.deepStrictEqual(statusesOf(answers), statuses)
        for (const { headers } of answers) assert.strictEqual(headers[hsts], "max-age=31536000")
      })
    )

    it.effect("says nothing of it where the client came without", () =>
      Effect.gen(function* () {
        for (const proto of ["http", "", "http, https", "https;", "wss"]) {
          for (const { headers } of yield* everyKind({ "x-forwarded-proto": proto })) assert.notProperty(headers, hsts)
        }
        assert.notProperty((yield* send("GET", "/livez")).headers, hsts)
      })
    )
  })

  layer(behind(["10.0.0.0/8"]), { excludeTestServices: true })("that anybody says it is", (it) => {
    it.effect("is not believed", () =>
      Effect.gen(function* () {
        for (const { headers } of yield* everyKind({ "x-forwarded-proto": "https" })) assert.notProperty(headers, hsts)
      })
    )
  })
})

const shop = "https://shop.example.com"
const open = Layer.provide(openDoor, Layer.succeed(CorsOrigins, [shop, "http://localhost:5173"]))
const corsOf = ({ headers }: Answer) => Object.keys(headers).filter((name) => name.startsWith("access-control-"))

describe("a page in a browser", () => {
  layer(open, { excludeTestServices: true })("of an origin that may call the API", (it) => {
    it.effect("may read every answer, problems too, and its headers", () =>
      Effect.gen(function* () {
        const answers = yield* everyKind({ origin: shop })
        assert.deepStrictEqual(statusesOf(answers), statuses)
        for (const { headers } of answers) {
          assert.strictEqual(headers["access-control-allow-origin"], shop)
          assert.match(headers["vary"] ?? "", /(^|, )Origin$/)
          assert.notProperty(headers, "access-control-allow-credentials")
          const exposed = (headers["access-control-expose-headers"] ?? "").split(", ")
          assert.includeMembers(exposed, [
            "Request-Id",
            "ETag",
            "Location",
            "Link",
            "Retry-After",
            "RateLimit",
            "RateLimit-Policy",
            "Idempotent-Replayed",
            "Idempotency-Key-Expires",
            "Cache-Status",
            "Age"
          ])
        }
      })
    )

    const preflight = (path: string, method: string, origin = shop) =>
      send("OPTIONS", path, {
        headers: {
          origin,
          "access-control-request-method": method,
          "access-control-request-headers": "authorization,content-type,idempotency-key"
        }
      })

    it.effect("is told before it asks which methods and headers it may use, and for how long", () =>
      Effect.gen(function* () {
        const { headers, status, text } = yield* preflight("/v1/orders", "POST", "http://localhost:5173")
        assert.deepStrictEqual([status, text], [204, ""])
        assert.deepInclude(headers, {
          "access-control-allow-origin": "http://localhost:5173",
          "access-control-allow-methods": "GET, HEAD, OPTIONS, POST",
          "access-control-max-age": "7200",
          vary: "Origin"
        })
        const allowed = (headers["access-control-allow-headers"] ?? "").toLowerCase().split(", ")
        assert.includeMembers(allowed, [
          "authorization",
          "content-type",
          "idempotency-key",
          "if-match",
          "if-none-match",
          "prefer",
          "request-timeout",
          "traceparent",
          "x-request-id"
        ])
        assert.notInclude(allowed, "stripe-signature")
      })
    )

    it.effect("is told that there is nothing at a path where there is nothing", () =>
      Effect.gen(function* () {
        const answer = yield* preflight("/v1/nothing", "POST")
        assert.strictEqual(problemIn(answer).code, "not_found")
        assert.strictEqual(answer.headers["access-control-allow-origin"], shop)
      })
    )

    it.effect("of another origin gets no header that lets it in, and is served like any client", () =>
      Effect.gen(function* () {
        for (const origin of ["https://shop.example.com.evil.example", "http://shop.example.com", "null", "*"]) {
          const answers = [...(yield* everyKind({ origin })), yield* preflight("/v1/orders", "POST", origin)]
          assert.deepStrictEqual(statusesOf(answers), [...statuses, 204])
          assert.deepStrictEqual(answers.flatMap(corsOf), [])
          for (const { headers } of answers) assert.match(headers["vary"] ?? "", /(^|, )Origin$/)
        }
      })
    )

    it.effect("can be told from what keeps answers for others, also when nobody said where it is from", () =>
      Effect.gen(function* () {
        const answers = yield* everyKind({})
        assert.deepStrictEqual(answers.flatMap(corsOf), [])
        for (const { headers } of answers) assert.match(headers["vary"] ?? "", /(^|, )Origin$/)
      })
    )
  })

  layer(openDoor, { excludeTestServices: true })("where no origin may call the API", (it) => {
    it.effect("gets no header of it at all", () =>
      Effect.gen(function* () {
        const who = yield* member
        const body = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
        const placed = yield* send("POST", "/v1/orders", {
          headers: { ...who.headers, ...newKey(), origin: shop },
          body
        })
        assert.strictEqual(placed.status, 201)
        const answers = [placed, ...(yield* everyKind({ origin: shop }))]
        assert.deepStrictEqual(answers.flatMap(corsOf), [])
        for (const { headers } of answers) assert.notMatch(headers["vary"] ?? "", /origin/i)
      })
    )
  })
})
