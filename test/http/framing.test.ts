/**
 * Bytes that are almost HTTP: what two servers in a row could read differently is refused, and nobody gets more answers
 * than requests, nor another's.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { randomUUID } from "node:crypto"
import { type Answer, Door, openDoor, problemIn } from "./door.ts"
import { talk } from "./rawClient.ts"

const host = "Host: shop\r\n"
const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`
const post = (headers: string, body = "") =>
  `POST /v1/users HTTP/1.1\r\n${host}Content-Type: application/json\r\n${headers}\r\n${body}`
const last = "Connection: close\r\n"
const behind = get("/livez", last)

const malformed = "400 malformed_request"
const long = "x".repeat(20_000)

const codeOf = (answer: Answer) => `${answer.status}${answer.status < 400 ? "" : ` ${problemIn(answer).code}`}`

const heard = Effect.fnUntraced(function* (...says: ReadonlyArray<string | number>) {
  const { port } = yield* Door
  const { answers, hungUp } = yield* talk(port, { says })
  assert.isTrue(hungUp, JSON.stringify(answers))
  return answers.map(codeOf)
})

const refused: ReadonlyArray<readonly [what: string, bytes: string, code: string]> = [
  ["a length and chunks", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", `0\r\n\r\n${behind}`), malformed],
  ["two lengths", post("Content-Length: 2\r\nContent-Length: 4\r\n", `{}${behind}`), malformed],
  ["one length twice", post("Content-Length: 2\r\nContent-Length: 2\r\n", `{}${behind}`), malformed],
  ["a list of lengths", post("Content-Length: 2, 2\r\n", `{}${behind}`), malformed],
  ["a length with a sign", post("Content-Length: +2\r\n", `{}${behind}`), malformed],
  ["a negative length", post("Content-Length: -2\r\n", `{}${behind}`), malformed],
  ["a length beyond numbers", post(`Content-Length: ${"9".repeat(30)}\r\n`, behind), malformed],
  ["an unknown coding", post("Transfer-Encoding: xchunked\r\n", `0\r\n\r\n${behind}`), "415 unsupported_media_type"],
  ["a coding with a space before its colon", post("Transfer-Encoding : chunked\r\n", `0\r\n\r\n${behind}`), malformed],
  ["identity and a length", post("Transfer-Encoding: identity\r\nContent-Length: 2\r\n", `{}${behind}`), malformed],
  ["a folded header", get("/livez", "X-A: b\r\n c\r\n"), malformed],
  ["lines without a return", "GET /livez HTTP/1.1\nHost: shop\n\n", malformed],
  ["one line without a return", `GET /livez HTTP/1.1\r\n${host}X-A: b\nX-C: d\r\n\r\n`, malformed],
  ["an end of headers without a return", `GET /livez HTTP/1.1\r\n${host}\n${behind}`, malformed],
  ["a folded length", post("Content-Length:\r\n 2\r\n", `{}${behind}`), malformed],
  ["a folded first header", `GET /livez HTTP/1.1\r\n X: y\r\n${host}\r\n`, malformed],
  ["chunks twice", post("Transfer-Encoding: chunked, chunked\r\n", `0\r\n\r\n${behind}`), malformed],
  [
    "chunks, and identity",
    post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", `0\r\n\r\n${behind}`),
    malformed
  ],
  ["a control before a coding", post("Transfer-Encoding: \x0bchunked\r\n", `0\r\n\r\n${behind}`), malformed],
  ["a chunk's length as 0x2", post("Transfer-Encoding: chunked\r\n", `0x2\r\n{}\r\n0\r\n\r\n${behind}`), malformed],
  ["a chunk's length with a sign", post("Transfer-Encoding: chunked\r\n", `+2\r\n{}\r\n0\r\n\r\n${behind}`), malformed],
  ["a chunk that ends without a return", post("Transfer-Encoding: chunked\r\n", `2\n{}\n0\n\n${behind}`), malformed],
  ["a return within a header", get("/livez", "X-A: b\rc\r\n"), malformed],
  ["NUL in a header", get("/livez", "X-A: b\0c\r\n"), malformed],
  ["NUL in a path", get("/li\0vez"), malformed],
  ["bytes above ASCII in a path", get("/\xff\xfe"), malformed],
  ["a method in small letters", `get /livez HTTP/1.1\r\n${host}\r\n`, malformed],
  ["another version", `GET /livez HTTP/3.0\r\n${host}\r\n`, malformed],
  ["no version", "GET /livez\r\n\r\n", malformed],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", malformed],
  ["a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", malformed],
  ["a chunk's endless extension", post("Transfer-Encoding: chunked\r\n", `2;${long}\r\n{}\r\n0\r\n\r\n`), malformed],
  ["a line feed in an extension", post("Transfer-Encoding: chunked\r\n", "2;a\nxx\r\n{}\r\n0\r\n\r\n"), malformed],
  ["a chunk beyond numbers", post("Transfer-Encoding: chunked\r\n", `${"F".repeat(18)}\r\n{}\r\n`), malformed],
  ["a chunk that is longer than it says", post("Transfer-Encoding: chunked\r\n", "2\r\n{}XX0\r\n\r\n"), malformed],
  [
    "endless trailers",
    post("Transfer-Encoding: chunked\r\n", `2\r\n{}\r\n0\r\nX: ${long}\r\n\r\n`),
    "431 headers_too_large"
  ],
  ["two hosts", get("/livez", `Host: other\r\n${last}`), malformed],
  ["an empty host", `GET /livez HTTP/1.1\r\nHost:\r\n${last}\r\n`, malformed],
  ["a host that is none", `GET /livez HTTP/1.1\r\nHost: a b/<c>\r\n${last}\r\n`, malformed],
  [
    "a compressed transfer",
    post(`Transfer-Encoding: gzip, chunked\r\n${last}`, "0\r\n\r\n"),
    "415 unsupported_media_type"
  ],
  ["a path of 9 kB", get(`/${"x".repeat(9_000)}`), "414 uri_too_long"],
  ["a path of 100 kB", get(`/${"x".repeat(100_000)}`), "414 uri_too_long"],
  ["a header of 100 kB", get("/livez", `X: ${"x".repeat(100_000)}\r\n`), "431 headers_too_large"],
  ["3,000 headers", get("/livez", "a:\r\n".repeat(3_000)), "431 headers_too_large"],
  ["101 headers", get("/livez", `${"a:\r\n".repeat(100)}`), "431 headers_too_large"]
]

layer(openDoor, { excludeTestServices: true })("a connection", (it) => {
  it.effect.each(refused)("is refused once, and ended: %s", ([, bytes, code]) =>
    Effect.map(heard(bytes), (codes) => assert.deepStrictEqual(codes, [code]))
  )

  it.effect.each([
    ["from HTTP/1.0, without a host", "GET /livez HTTP/1.0\r\n\r\n", ["200"]],
    ["with the whole URL in its first line", get("http://shop/livez", last), ["200"]],
    ["that expects what nobody knows", get("/livez", `Expect: 200-ok\r\n${last}`), ["200"]],
    [
      "that would rather speak WebSocket",
      get("/livez", "Connection: close, upgrade\r\nUpgrade: websocket\r\n"),
      ["200"]
    ],
    ["that would rather speak HTTP/2", get("/livez", "Connection: close, upgrade\r\nUpgrade: h2c\r\n"), ["200"]],
    ["with 100 headers", get("/livez", `${"a:\r\n".repeat(98)}${last}`), ["200"]],
    ["with a body that nobody wants", get("/v1/products", "Content-Length: 5\r\n") + `hello${behind}`, ["200", "200"]]
  ] as const)("is served %s", ([, bytes, codes]) =>
    Effect.map(heard(bytes), (got) => assert.deepStrictEqual(got, [...codes]))
  )

  it.effect("that sends chunks from HTTP/1.0, which has none, is answered once and ended", () =>
    Effect.gen(function* () {
      const old = post("Transfer-Encoding: chunked\r\n", `2\r\n{}\r\n0\r\n\r\n${behind}`).replace("1.1", "1.0")
      assert.deepStrictEqual(yield* heard(old), ["400 validation_failed"])
    })
  )

  it.effect("that sends words behind the length of a chunk has them ignored", () =>
    Effect.gen(function* () {
      const extended = post("Transfer-Encoding: chunked\r\n", `2;a="b";c\r\n{}\r\n0;d\r\n\r\n${behind}`)
      assert.deepStrictEqual(yield* heard(extended), ["400 validation_failed", "200"])
    })
  )

  const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`
  it.effect.each([
    ["compressed", post("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunk)],
    ["beyond the limit", post("Transfer-Encoding: chunked\r\n", chunk.repeat(9))]
  ] as const)("that sends chunks which nobody reads is told that it ends: %s", ([, bytes]) =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const { answers, hungUp } = yield* talk(port, { says: [bytes] })
      assert.deepStrictEqual(
        answers.map(({ headers }) => headers["connection"]),
        ["close"]
      )
      assert.isTrue(hungUp)
    })
  )

  it.effect("that asks for another protocol has its body read, and is ended", () =>
    Effect.gen(function* () {
      const upgrade = post("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n", `{}${behind}`)
      assert.deepStrictEqual(yield* heard(upgrade), ["400 validation_failed"])
    })
  )

  it.effect("that asks for headers alone gets no more when they are too large", () =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const { answers } = yield* talk(port, { says: [get("/livez", `X: ${long}\r\n`).replace("GET", "HEAD")] })
      assert.deepStrictEqual(
        answers.map(({ status, text }) => [status, text]),
        [[431, ""]]
      )
    })
  )

  it.effect("has its answers in the order of its requests", () =>
    Effect.gen(function* () {
      const three = get("/v1/products") + get("/v1/nothing") + behind
      assert.deepStrictEqual(yield* heard(three), ["200", "404 not_found", "200"])
    })
  )

  const signUp = () => {
    const body = JSON.stringify({ email: `${randomUUID()}@example.com`, password: `pass ${randomUUID()}`, name: "Ada" })
    return post(`Content-Length: ${body.length}\r\n`, body)
  }

  it.effect("is told what became of its request before it is told that what it sent behind it is none", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* heard(`${signUp()}GARBAGE\r\n\r\nMORE\r\n\r\n`), ["201", malformed])
      assert.deepStrictEqual(yield* heard(signUp(), 1, "GARBAGE\r\n\r\n", 5, "MORE\r\n\r\n"), ["201", malformed])
      const broken = post("Transfer-Encoding: chunked\r\n", "zz\r\n")
      assert.deepStrictEqual(yield* heard(signUp() + broken), ["201", malformed])
    })
  )

  it.effect("is ended without a second answer when a body breaks off behind its refusal", () =>
    Effect.gen(function* () {
      const zipped = "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"
      assert.deepStrictEqual(yield* heard(post(zipped), 50, "zz\r\n"), ["415 unsupported_media_type"])
    })
  )
})
