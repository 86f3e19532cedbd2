/** Signing in on the operators' port with a browser: who gets in, for how long, and what a foreign page can do. */
import { assert, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { cookieName, OperatorSessions } from "../../../src/http/ops/OperatorSessions.ts"
import { refusal, send } from "../door.ts"
import { opsNode } from "./opsNode.ts"

const form = { "content-type": "application/x-www-form-urlencoded" }
const signIn = (token: string) => send("POST", "/ops/login", { headers: form, body: `token=${token}` })

/** The cookie that a browser would send from now on, and the token in its page's forms. */
const browserOf = Effect.fnUntraced(function* (token: string) {
  const { headers } = yield* signIn(token)
  const cookie = (headers["set-cookie"] ?? "").split(";")[0] ?? ""
  const page = yield* send("GET", "/ops", { headers: { cookie } })
  const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ""
  return { cookie, csrf, page }
})
const reason = "for a test"
const off = "/ops/api/kill-switches/recommendations/off"
const on = "/ops/api/kill-switches/recommendations/on"

layer(opsNode, { excludeTestServices: true })("a browser on the operators' port", (it) => {
  it.effect("is sent to sign in, and gets in with a token that the settings name", () =>
    Effect.gen(function* () {
      const stranger = yield* send("GET", "/ops")
      assert.deepInclude(stranger, { status: 303 })
      assert.strictEqual(stranger.headers["location"], "/ops/login")
      const asked = yield* send("GET", "/ops/login")
      assert.include(asked.text, '<form class="sign-in" method="post" action="/ops/login">')
      assert.match(asked.headers["content-security-policy"] ?? "", /^default-src 'none'; style-src 'sha256-/)

      const answer = yield* signIn("token-of-vic")
      assert.strictEqual(answer.status, 303)
      assert.match(
        answer.headers["set-cookie"] ?? "",
        /^holdfast_operator=[\w.-]+; Max-Age=28800; Path=\/ops; HttpOnly; SameSite=Strict$/
      )
      const { page } = yield* browserOf("token-of-vic")
      assert.strictEqual(page.status, 200)
      assert.include(page.text, "vic, viewer")
      assert.notInclude(page.text, "token-of-vic")
    })
  )

  it.effect("does not get in with another token, and is told so by a page", () =>
    Effect.gen(function* () {
      const answer = yield* signIn("token-of-eve")
      assert.strictEqual(answer.status, 303)
      assert.isUndefined(answer.headers["set-cookie"])
      const again = answer.headers["location"] ?? ""
      assert.notInclude(again, "token-of-eve")
      assert.include((yield* send("GET", again)).text, "No operator has this token.")
    })
  )

  it.effect("reads with its cookie, and changes something only with the token of its page beside it", () =>
    Effect.gen(function* () {
      const { cookie, csrf } = yield* browserOf("token-of-ada")
      const headers = { cookie }
      assert.strictEqual((yield* send("GET", "/ops/api/kill-switches", { headers })).status, 200)
      yield* refusal([403, "forbidden"], "POST", off, { headers, body: { reason } })
      yield* refusal([403, "forbidden"], "POST", off, {
        headers: { ...headers, "x-csrf-token": "x" },
        body: { reason }
      })
      const other = yield* browserOf("token-of-vic")
      const borrowed = { ...headers, "x-csrf-token": other.csrf }
      yield* refusal([403, "forbidden"], "POST", off, { headers: borrowed, body: { reason } })
      const own = { headers: { ...headers, "x-csrf-token": csrf }, body: { reason } }
      assert.strictEqual((yield* send("POST", off, own)).status, 200)
      assert.strictEqual((yield* send("POST", on, own)).status, 200)
      const viewer = { headers: { cookie: other.cookie, "x-csrf-token": other.csrf }, body: { reason } }
      yield* refusal([403, "forbidden"], "POST", off, viewer)
    })
  )

  it.effect("is nobody with a cookie that was changed, or is over", () =>
    Effect.gen(function* () {
      const sessions = yield* OperatorSessions
      const { cookie } = yield* browserOf("token-of-vic")
      const [name = "", expires = "", seal = ""] = cookie.slice(cookieName.length + 1).split(".")
      const ada = Buffer.from("ada").toString("base64url")
      const forged = [
        `${ada}.${expires}.${seal}`,
        `${name}.${Number(expires) + 1}.${seal}`,
        `${name}.0.${seal}`,
        "",
        "a.b"
      ]
      for (const each of forged) {
        assert.isTrue(Option.isNone(yield* sessions.operatorOf(each)), each)
        const headers = { cookie: `${cookieName}=${each}` }
        yield* refusal([401, "unauthenticated"], "GET", "/ops/api/queues", { headers })
      }
    })
  )

  it.effect("signs in once with the link that the terminal shows", () =>
    Effect.gen(function* () {
      const code = Option.getOrThrow(yield* (yield* OperatorSessions).oneTimeCode)
      const first = yield* send("GET", `/ops/login?code=${code}`)
      assert.deepInclude([first.status, first.headers["location"]], 303)
      assert.match(first.headers["set-cookie"] ?? "", /^holdfast_operator=/)
      const second = yield* send("GET", `/ops/login?code=${code}`)
      assert.strictEqual(second.headers["location"], "/ops/login?refused=link")
      assert.isUndefined(second.headers["set-cookie"])
    })
  )

  it.effect("signs out by its own form, and by no other", () =>
    Effect.gen(function* () {
      const { cookie, csrf } = yield* browserOf("token-of-ada")
      const out = (body: string) => send("POST", "/ops/logout", { headers: { ...form, cookie }, body })
      assert.strictEqual((yield* out("csrf=x")).status, 403)
      const answer = yield* out(`csrf=${csrf}`)
      assert.deepInclude([answer.status, answer.headers["location"]], "/ops/login")
      assert.match(answer.headers["set-cookie"] ?? "", /^holdfast_operator=; Max-Age=0; /)
    })
  )
})
