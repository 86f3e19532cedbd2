/** What the API says of itself, as it is served: the document, its page, and a page for every problem. */
import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { ProblemTypes } from "../../../src/http/documentation/DocumentationApi.ts"
import { problems } from "../../../src/http/problems.ts"
import { type Answer, json, openDoor, problemIn, refusal, send } from "../door.ts"

const asData = { headers: { accept: "application/json" } }
const codes = [...new Set(Object.values(problems).map(({ code }) => code))].sort()

/** Its policy lets in its own style and nothing else, and it has nothing else. */
const isPage = ({ headers, status, text }: Answer) => {
  assert.deepStrictEqual([status, headers["content-type"]], [200, "text/html; charset=utf-8"])
  const [, style = ""] = /<style>(.*?)<\/style>/s.exec(text) ?? []
  const hash = createHash("sha256").update(style).digest("base64")
  const policy = headers["content-security-policy"] ?? ""
  assert.include(policy, `default-src 'none'; style-src 'sha256-${hash}'`)
  assert.notMatch(policy, /unsafe|\*|https?:/)
  assert.notMatch(text, /<script|<link|<img|<iframe|\son\w+=|\ssrc=|style=|https?:\/\//i)
  return text
}

layer(openDoor, { excludeTestServices: true })("the API", (it) => {
  it.effect("serves its document", () =>
    Effect.gen(function* () {
      const answer = yield* send("GET", "/openapi.json")
      assert.deepStrictEqual([answer.status, answer.headers["content-type"]], [200, "application/json"])
      assert.strictEqual(json(answer).openapi, "3.1.0")
      assert.property(json(answer).paths, "/v1/orders")
      assert.notProperty(json(answer).paths, "/panic")
      assert.notInclude(answer.text, "/ops/api")
    })
  )

  it.effect("serves a page of its document that needs nothing from elsewhere", () =>
    Effect.gen(function* () {
      const text = isPage(yield* send("GET", "/docs"))
      const { paths } = json(yield* send("GET", "/openapi.json"))
      for (const path of Object.keys(paths)) assert.include(text, ` ${path}</code>`)
      for (const [, code] of text.matchAll(/href="\/problems\/(\w+)"/g)) assert.include(codes, code)
    })
  )

  it.effect("lists every problem, as a page and as data", () =>
    Effect.gen(function* () {
      const text = isPage(yield* send("GET", "/problems"))
      for (const code of codes) assert.include(text, `href="/problems/${code}"`)
      const data = yield* send("GET", "/problems", asData)
      const { data: types } = Schema.decodeUnknownSync(ProblemTypes)(json(data))
      assert.deepStrictEqual(types.map(({ code }) => code).sort(), codes)
      assert.deepStrictEqual([data.headers["content-type"], data.headers["vary"]], ["application/json", "accept"])
    })
  )

  it.effect("says of every problem what happened, whether a repeat is safe, what to do, and shows one", () =>
    Effect.gen(function* () {
      for (const code of codes) {
        const text = isPage(yield* send("GET", `/problems/${code}`))
        for (const heading of ["What happened, and what to do", "Is it safe to repeat?", "An example"]) {
          assert.include(text, `<h2>${heading}</h2>`)
        }
        const data = json(yield* send("GET", `/problems/${code}`, asData))
        assert.deepStrictEqual([data.code, data.type, data.example.code], [code, `/problems/${code}`, code])
        assert.isNotEmpty(data.reasons)
      }
    })
  )

  it.effect("leads from the type of any problem to its page", () =>
    Effect.gen(function* () {
      const { problem } = yield* refusal([404, "not_found"], "GET", "/v1/nothing")
      assert.include(isPage(yield* send("GET", problem.type)), "<code>not_found</code>")
    })
  )

  it.effect("knows no page of a problem that it does not have, and repeats nothing of what was asked", () =>
    Effect.gen(function* () {
      for (const path of ["/problems/nope", "/problems/%3Cscript%3E", "/problems/__proto__"]) {
        const answer = yield* send("GET", path)
        assert.strictEqual(problemIn(answer).code, "not_found")
        assert.notInclude(answer.text, "script")
      }
      yield* refusal([405, "method_not_allowed"], "POST", "/problems")
    })
  )
})
