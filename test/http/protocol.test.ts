/** What the door makes of HTTP itself: paths, methods, bodies and their framing, and what every answer carries. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { nestingLimit, valuesLimit } from "../../src/http/limits.ts"
import { talk } from "./rawClient.ts"
import {
  type Answer,
  Door,
  fieldsOf,
  json,
  logged,
  openDoor,
  parsed,
  problemIn,
  refusal,
  send,
  sendBytes
} from "./door.ts"

const post = (headers: string, body = "") =>
  sendBytes(`POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`)

const tooLarge = 256 * 1024 + 1

layer(openDoor, { excludeTestServices: true })("a path and a method", (it) => {
  it.effect("an unknown path is not found", () => refusal([404, "not_found"], "GET", "/v1/nothing"))

  it.effect("a defect on demand is not found where nobody asked for such a thing", () =>
    refusal([404, "not_found"], "GET", "/panic")
  )

  it.effect.each(["//livez", "/livez/", "/LIVEZ", "/v1/Products", "/v1//products"])(
    "%s is no other spelling of a path",
    (path) => refusal([404, "not_found"], "GET", path)
  )

  it.effect("an id that is too long to be one is not found", () =>
    refusal([404, "not_found"], "GET", `/v1/products/prd_${"a".repeat(101)}`)
  )

  it.effect.each(["%", "%z", "%zz", "%ff", "%C0%AF", "%ED%A0%80", "caf%e9"])(
    "an escape that cannot be read is malformed wherever it stands, and never taken as it is: %s",
    (escape) =>
      Effect.gen(function* () {
        for (const path of [
          `/v1/orders?idempotency_key=long-enough-${escape}`,
          `/v1/products?cursor=${escape}`,
          `/v1/products?nobody-reads=${escape}`,
          `/v1/products/${escape}`,
          `/v1/nothing${escape}`,
          `/livez?${escape}`
        ]) {
          const { problem } = yield* refusal([400, "malformed_request"], "GET", path)
          assert.strictEqual(problem.reason, "bad_encoding", path)
        }
        yield* refusal([400, "malformed_request"], "POST", `/v1/orders/${escape}/cancel`)
      })
  )

  it.effect("an escape that can be read stands for what it says", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* send("GET", "/v1/products?limit=%31")).status, 200)
      yield* refusal([404, "not_found"], "GET", "/v1/caf%C3%A9")
    })
  )

  it.effect("a wrong method names the right ones, and needs no session", () =>
    Effect.gen(function* () {
      const { headers, problem } = yield* refusal([405, "method_not_allowed"], "PUT", "/v1/users")
      assert.strictEqual(headers["allow"], "GET, HEAD, OPTIONS, POST")
      assert.strictEqual(problem.retry, "never")
    })
  )

  it.effect.each([
    ["/v1/users", "GET, HEAD, OPTIONS, POST"],
    ["/v1/sessions/current", "DELETE, OPTIONS"],
    ["/v1/orders/ord_1", "GET, HEAD, OPTIONS"]
  ] as const)("OPTIONS of %s is 204 and allows %s", ([path, allow]) =>
    Effect.gen(function* () {
      const { headers, status, text } = yield* send("OPTIONS", path)
      assert.deepStrictEqual([status, headers["allow"], text], [204, allow, ""])
    })
  )

  it.effect("OPTIONS of the server as a whole is 204 and allows what any path does", () =>
    Effect.gen(function* () {
      const bytes = "OPTIONS * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n"
      const { headers, status } = parsed(yield* sendBytes(bytes))
      assert.deepStrictEqual([status, headers["allow"]], [204, "DELETE, GET, HEAD, OPTIONS, POST"])
      const other = parsed(yield* sendBytes(bytes.replace("OPTIONS", "GET")))
      assert.deepStrictEqual([other.status, problemIn(other).code], [404, "not_found"])
    })
  )

  it.effect("TRACE repeats nothing of a request", () =>
    Effect.gen(function* () {
      const headers = { authorization: "Bearer canary", "x-canary": "canary" }
      const known = yield* refusal([405, "method_not_allowed"], "TRACE", "/v1/users", { headers })
      const unknown = yield* refusal([404, "not_found"], "TRACE", "/v1/nothing", { headers })
      assert.notInclude(JSON.stringify([known, unknown]), "canary")
    })
  )

  it.effect("OPTIONS of an unknown path is not found", () => refusal([404, "not_found"], "OPTIONS", "/v1/nothing"))

  it.effect.each([
    "text/html",
    "application/xml, text/*",
    "application/json;q=0, text/html",
    "*/*;q=0",
    "application/*;q=0, */*"
  ])("an answer that is not JSON there is not: %s", (accept) =>
    refusal([406, "not_acceptable"], "GET", "/v1/products", { headers: { accept } })
  )

  it.effect("what would be no answer in JSON anyway is refused as what it is, and nothing is done for it", () =>
    Effect.gen(function* () {
      const headers = { accept: "text/html" }
      yield* refusal([404, "not_found"], "GET", "/v1/nothing", { headers })
      yield* refusal([405, "method_not_allowed"], "PUT", "/v1/users", { headers })
      const body = { email: "ada@example.com", password: "a long enough one", name: "Ada" }
      yield* refusal([406, "not_acceptable"], "POST", "/v1/users", { headers, body })
      assert.strictEqual((yield* send("POST", "/v1/users", { body })).status, 201)
    })
  )

  it.effect.each([
    "",
    "*/*",
    "text/html, */*;q=0.1",
    "application/json",
    "APPLICATION/JSON;q=0.5",
    "application/*",
    ";;",
    "text/html, application/json;v=1"
  ])("JSON there is for who accepts it, or says nothing that can be read: %s", (accept) =>
    Effect.map(send("GET", "/v1/products", { headers: { accept } }), ({ status }) => assert.strictEqual(status, 200))
  )

  it.effect("HEAD has the status and headers of GET, and no body", () =>
    Effect.gen(function* () {
      for (const path of ["/livez", "/v1/products", "/v1/nothing"]) {
        const [head, get] = [yield* send("HEAD", path), yield* send("GET", path)]
        const same = (answer: Answer) => {
          const { date: _date, "request-id": _id, ...headers } = answer.headers
          return [answer.status, headers]
        }
        assert.deepStrictEqual(same(head), same(get))
        assert.strictEqual(head.text, "")
      }
    })
  )
})

layer(openDoor, { excludeTestServices: true })("a body", (it) => {
  it.effect("that is not JSON is malformed", () =>
    Effect.gen(function* () {
      for (const body of ["{", "nope", "{'a': 1}", '{"email": }', "\u0000"]) {
        const { problem } = yield* refusal([400, "malformed_request"], "POST", "/v1/users", { body })
        assert.strictEqual(problem.reason, "not_json")
      }
    })
  )

  it.effect("that is empty is missing as a whole", () =>
    Effect.gen(function* () {
      const { problem } = yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body: "" })
      assert.deepStrictEqual(fieldsOf(problem), ["payload  required"])
    })
  )

  it.effect("of another media type is refused with the one that is accepted", () =>
    Effect.gen(function* () {
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
        const asked = { body: "{}", headers: { "content-type": type } }
        const { headers } = yield* refusal([415, "unsupported_media_type"], "POST", "/v1/users", asked)
        assert.strictEqual(headers["accept-post"], "application/json")
      }
    })
  )

  it.effect("that does not say what it is is refused unread", () =>
    Effect.gen(function* () {
      for (const type of ["", "Content-Type:\r\n", "Content-Type: \t\r\n"]) {
        for (const length of [
          "Content-Length: 2\r\n\r\n{}",
          "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        ]) {
          const bytes = `POST /v1/users HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n${type}${length}`
          const answer = parsed(yield* sendBytes(bytes))
          assert.strictEqual(problemIn(answer).code, "unsupported_media_type", bytes)
          assert.strictEqual(answer.headers["accept-post"], "application/json")
        }
      }
      const without = "POST /v1/users HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
      assert.strictEqual(problemIn(parsed(yield* sendBytes(without))).code, "validation_failed")
    })
  )

  it.effect("that nests deeper than anybody needs is refused before it is read, and what only looks so is not", () =>
    Effect.gen(function* () {
      const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth)
      for (const body of [
        nested(nestingLimit + 1, "[", "]"),
        `{"email": ${nested(nestingLimit, "[", "]")}}`,
        `${'{"a":'.repeat(nestingLimit + 1)}1${"}".repeat(nestingLimit + 1)}`,
        "[".repeat(100_000),
        `{"a\\\\": ${nested(nestingLimit, "[", "]")}}`
      ]) {
        const { problem } = yield* refusal([400, "malformed_request"], "POST", "/v1/users", { body })
        assert.strictEqual(problem.reason, "too_deep", body.slice(0, 50))
      }
      const shallow = { email: "a@example.com", password: "[".repeat(40), name: "Ada" }
      for (const body of [
        nested(nestingLimit, "[", "]"),
        { ...shallow, more: '\\"'.repeat(41) + "[".repeat(40) },
        { ...shallow, more: Array.from({ length: 100 }, () => [[{}]]) }
      ]) {
        yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body })
      }
    })
  )

  it.effect("of more values than anybody needs is refused before it is read", () =>
    Effect.gen(function* () {
      const lines = (count: number) => `{"lines": [${Array.from({ length: count }, () => "{}").join(",")}]}`
      for (const body of [
        lines(valuesLimit + 1),
        lines(80_000),
        JSON.stringify(Array.from({ length: 130_000 }, () => 0))
      ]) {
        const { problem } = yield* refusal([400, "malformed_request"], "POST", "/v1/users", { body })
        assert.strictEqual(problem.reason, "too_many_values")
      }
      yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body: lines(valuesLimit) })
      const text = { email: "a@example.com", password: "x", name: ",".repeat(2 * valuesLimit) }
      yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body: text })
    })
  )

  it.effect("that is compressed is refused unread", () =>
    Effect.gen(function* () {
      const answer = parsed(yield* post("Content-Encoding: gzip\r\nContent-Length: 100000\r\nConnection: close"))
      assert.strictEqual(problemIn(answer).code, "unsupported_media_type")
      assert.strictEqual(answer.headers["accept-encoding"], "identity")
    })
  )

  it.effect.each([
    "application/json; charset=utf-16",
    'application/json;charset="latin1"',
    "application/json; charset=utf-80"
  ])("of text in another encoding than UTF-8 is refused unread: %s", (type) =>
    refusal([415, "unsupported_media_type"], "POST", "/v1/users", { body: "{}", headers: { "content-type": type } })
  )

  it.effect.each([
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json; charset=utf8"
  ])("that says it is UTF-8 is read: %s", (type) =>
    refusal([400, "validation_failed"], "POST", "/v1/users", { body: "{}", headers: { "content-type": type } })
  )

  it.effect("that is not the UTF-8 that it should be is malformed", () =>
    Effect.gen(function* () {
      for (const name of ["\xff\xfe", "\xc0\xaf", "\xed\xa0\x80", "\xe2\x82"]) {
        const body = `{"email": "a@example.com", "password": "a long enough one", "name": "Ada ${name}"}`
        const bytes = `POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nConnection: close\r\n`
        const { port } = yield* Door
        const says = [`${bytes}Content-Length: ${body.length}\r\n\r\n${body}`]
        const { answers } = yield* talk(port, { says })
        assert.deepStrictEqual(
          answers.map((answer) => problemIn(answer).reason),
          ["bad_encoding"]
        )
      }
    })
  )

  it.effect("that says it is not encoded is read", () =>
    Effect.gen(function* () {
      const asked = { body: {}, headers: { "content-encoding": "identity" } }
      yield* refusal([400, "validation_failed"], "POST", "/v1/users", asked)
    })
  )

  it.effect("that announces more than 256 KiB is refused before it is sent", () =>
    Effect.gen(function* () {
      const answer = parsed(yield* post(`Content-Length: ${tooLarge}`))
      assert.deepStrictEqual([problemIn(answer).code, answer.headers["connection"]], ["payload_too_large", "close"])
    })
  )

  it.effect("that waits for permission to send more than 256 KiB does not get it", () =>
    Effect.gen(function* () {
      const answer = parsed(yield* post(`Expect: 100-continue\r\nContent-Length: ${tooLarge}`))
      assert.strictEqual(problemIn(answer).code, "payload_too_large")
    })
  )

  it.effect("that is too large is refused in words, also to a client that sends all of it", () =>
    refusal([413, "payload_too_large"], "POST", "/v1/users", { body: "{}".padEnd(20 * tooLarge) })
  )

  it.effect("that is too large, and comes on slowly after its refusal, is not waited for", () =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const head = `POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n`
      const pieces = Array.from({ length: 400 }, () => [" ".repeat(10_000), 10]).flat()
      const { answers, hungUp, millis } = yield* talk(port, { says: [head, ...pieces] })
      assert.deepStrictEqual([answers.map((answer) => problemIn(answer).code), hungUp], [["payload_too_large"], true])
      // All of it would take four seconds to come.
      assert.isBelow(millis, 3_900)
    })
  )

  it.effect("that turns out to have more than 256 KiB is refused", () =>
    Effect.gen(function* () {
      const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`
      const answer = parsed(yield* post("Transfer-Encoding: chunked", chunk.repeat(5)))
      assert.deepStrictEqual([problemIn(answer).code, answer.headers["connection"]], ["payload_too_large", "close"])
    })
  )

  it.effect("of exactly 256 KiB is read", () =>
    Effect.gen(function* () {
      const body = "{}".padEnd(tooLarge - 1)
      yield* refusal([400, "validation_failed"], "POST", "/v1/users", { body })
    })
  )
})

layer(openDoor, { excludeTestServices: true })("bytes that are no request", (it) => {
  it.effect.each([
    ["garbage", "GARBAGE\r\n\r\n"],
    ["a header without a name", "GET /livez HTTP/1.1\r\nHost: shop\r\n: x\r\n\r\n"],
    ["two lengths", "POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["a chunk without a length", "PUT /v1/users HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["a tunnel", "CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n"],
    ["no host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n"]
  ] as const)("are malformed: %s", ([, bytes]) =>
    Effect.gen(function* () {
      const answer = parsed(yield* sendBytes(bytes))
      const problem = problemIn(answer)
      assert.deepStrictEqual([problem.code, problem.reason], ["malformed_request", "bad_framing"])
      assert.strictEqual(answer.headers["x-content-type-options"], "nosniff")
      const lines = (yield* logged).filter((line) => line["request_id"] === problem.request_id)
      assert.deepStrictEqual(
        lines.map(({ level, code }) => [level, code]),
        [["WARN", "malformed_request"]]
      )
    })
  )

  it.effect("leave the server as it was", () =>
    Effect.gen(function* () {
      yield* sendBytes("GARBAGE\r\n\r\n")
      assert.strictEqual((yield* send("GET", "/livez")).status, 200)
    })
  )
})

layer(openDoor, { excludeTestServices: true })("every answer", (it) => {
  const everyKind = Effect.all([
    send("GET", "/livez"),
    send("GET", "/readyz"),
    send("GET", "/v1/products"),
    send("OPTIONS", "/v1/products"),
    send("GET", "/v1/nothing"),
    send("PATCH", "/v1/orders"),
    send("GET", "/v1/users/me"),
    send("POST", "/v1/users", { body: "{" })
  ])

  it.effect("has an id of its own, whatever id the client sent", () =>
    Effect.gen(function* () {
      const sent = { "x-request-id": "req_00000000000000000000000000000000", "request-id": "mine" }
      const one = yield* send("GET", "/livez", { headers: sent })
      const ids = [one, ...(yield* everyKind)].map(({ headers }) => headers["request-id"] ?? "")
      for (const id of ids) assert.match(id, /^req_[0-9a-f]{32}$/)
      assert.strictEqual(new Set([...ids, ...Object.values(sent)]).size, ids.length + 2)
    })
  )

  it.effect("has the security headers, and is not stored unless it is the public catalogue", () =>
    Effect.gen(function* () {
      for (const { headers } of yield* everyKind) {
        assert.strictEqual(headers["x-content-type-options"], "nosniff")
        assert.strictEqual(headers["content-security-policy"], "default-src 'none'; frame-ancestors 'none'")
        assert.strictEqual(headers["referrer-policy"], "no-referrer")
        assert.strictEqual(headers["cache-control"], headers["etag"] === undefined ? "no-store" : "public, no-cache")
      }
    })
  )

  it.effect("is logged with the client's own id of its request, if that is a plain one", () =>
    Effect.gen(function* () {
      const canary = "ada@example.com"
      const known = { "x-request-id": "checkout-7f3a" }
      yield* send("GET", "/v1/nothing", { headers: known })
      for (const given of [canary, "sess_a.ses_1.usr_1", "4242424242424242", "x".repeat(65), "two words", "abc"]) {
        yield* send("GET", "/v1/nothing", { headers: { "x-request-id": given } })
      }
      const ids = (yield* logged).flatMap((line) => line["client_request_id"] ?? [])
      assert.deepStrictEqual(ids, ["checkout-7f3a"])
    })
  )

  it.effect("belongs to its caller's trace, if that is one", () =>
    Effect.gen(function* () {
      const [trace, span] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"]
      const traceOf = Effect.fnUntraced(function* (...given: ReadonlyArray<string>) {
        const lines = given.map((value) => `Traceparent: ${value}\r\n`).join("")
        const asked = `GET /v1/nothing HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n${lines}\r\n`
        const { request_id: id } = problemIn(parsed(yield* sendBytes(asked)))
        return (yield* logged).find((line) => line["request_id"] === id)?.["trace_id"]
      })
      const valid = `00-${trace}-${span}-01`
      assert.strictEqual(yield* traceOf(valid), trace)
      assert.strictEqual(yield* traceOf(`01-${trace}-${span}-00-of a later version`), trace)
      const none = [
        "",
        "00",
        `${valid}-more`,
        valid.replace("4bf9", "4BF9"),
        valid.padEnd(600, "0"),
        `ff${valid.slice(2)}`
      ]
      for (const given of [[], [valid, valid], ...none.map((one) => [one])]) {
        const own = yield* traceOf(...given)
        assert.match(String(own), /^[0-9a-f]{32}$/, given.join())
        assert.notStrictEqual(own, trace, given.join())
      }
    })
  )

  it.effect("names no server", () =>
    Effect.gen(function* () {
      for (const { headers, text } of yield* everyKind) {
        assert.notProperty(headers, "server")
        assert.notProperty(headers, "x-powered-by")
        assert.notMatch(JSON.stringify(headers) + text, /\b(effect|node(\.?js)?|postgres|holdfast)\b/i)
      }
    })
  )

  it.effect("of a refusal is one line in the log, at WARN, without a stack", () =>
    Effect.gen(function* () {
      const { problem } = yield* refusal([404, "not_found"], "GET", "/v1/products/prd_unknown")
      const lines = (yield* logged).filter((line) => line["request_id"] === problem.request_id)
      assert.strictEqual(lines.length, 1)
      const { level, message, method, route, status, code, severity } = lines[0] ?? { level: "", message: "" }
      assert.deepStrictEqual(
        [level, message, method, route, status, code, severity],
        ["WARN", "request refused", "GET", "/v1/products/:id", 404, "not_found", "expected"]
      )
      assert.notInclude(JSON.stringify(lines), "    at ")
    })
  )

  it.effect("of a probe says how the node is", () =>
    Effect.gen(function* () {
      const { checks, status } = json(yield* send("GET", "/readyz"))
      assert.deepStrictEqual([status, checks], ["ok", { database: { status: "ok" }, migrations: { status: "ok" } }])
    })
  )
})
