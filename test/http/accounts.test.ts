/** Accounts at the door: who is let in, what a stranger may learn, and what is somebody else's. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { randomUUID } from "node:crypto"
import { Shop, Users } from "../../src/testing/index.ts"
import { UserId } from "../../src/users/User.ts"
import { type Answer, doorOver, json, member, newKey, openDoor, refusal, send } from "./door.ts"

/** An answer without what differs from request to request. */
const withoutIds = ({ headers, text }: Answer) => {
  const { date: _date, "request-id": id = "", ...rest } = headers
  const body = text.replaceAll(id, "<id>").replace(/"timestamp":"[^"]*"/, '"timestamp":"<time>"')
  return JSON.stringify([rest, body])
}

layer(openDoor, { excludeTestServices: true })("an account", (it) => {
  it.effect("that is new is created, and its answer says where it is and nothing of its password", () =>
    Effect.gen(function* () {
      const body = { email: "New.Person@example.com", password: "a password of mine", name: "New Person" }
      const answer = yield* send("POST", "/v1/users", { body })
      const user = json(answer)
      assert.strictEqual(answer.status, 201)
      assert.strictEqual(answer.headers["location"], `/v1/users/${user.id}`)
      assert.deepStrictEqual(Object.keys(user).sort(), ["created_at", "email", "id", "name"])
      assert.deepStrictEqual([user.email, user.name], [body.email, body.name])
    })
  )

  it.effect("whose address is taken is refused, whatever its spelling", () =>
    Effect.gen(function* () {
      const { email } = yield* member
      const body = { email: ` ${email.toUpperCase()} `, password: "another password", name: "Another" }
      const { problem } = yield* refusal([409, "email_taken"], "POST", "/v1/users", { body })
      assert.deepStrictEqual([problem.title, problem.retry], ["Email already in use", "after_change"])
    })
  )

  it.effect("is one, however many ask for its address at once, and however they spell it", () =>
    Effect.gen(function* () {
      const name = `jos\u00e9-${randomUUID()}`
      const spelled = [
        `${name}@example.com`,
        `${name.normalize("NFD")}@example.com`,
        `${name.toUpperCase()}@EXAMPLE.com`,
        `  ${name.normalize("NFD").toUpperCase()}@Example.Com\u00a0`
      ]
      const answers = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => spelled[index % spelled.length]),
        (email) => send("POST", "/v1/users", { body: { email, password: "a password of mine", name: "Jos\u00e9" } }),
        { concurrency: "unbounded" }
      )
      const [one, ...others] = answers.map(({ status }) => status).toSorted((before, after) => before - after)
      assert.strictEqual(one, 201)
      assert.deepStrictEqual([others.length, ...new Set(others)], [19, 409])
      for (const email of spelled) {
        const { status } = yield* send("POST", "/v1/sessions", { body: { email, password: "a password of mine" } })
        assert.strictEqual(status, 201)
      }
    })
  )

  it.effect("is logged in to under no key: each log in is a session of its own", () =>
    Effect.gen(function* () {
      const { email, password } = yield* member
      const asked = { headers: { ...newKey(), "idempotency-key": "any" }, body: { email, password } }
      const answers = [yield* send("POST", "/v1/sessions", asked), yield* send("POST", "/v1/sessions", asked)]
      assert.strictEqual(new Set(answers.map((answer) => json(answer).token)).size, 2)
      for (const { headers, status } of answers) {
        assert.strictEqual(status, 201)
        assert.notProperty(headers, "idempotency-key-expires")
      }
    })
  )

  it.effect("is read by its owner", () =>
    Effect.gen(function* () {
      const { email, headers, id } = yield* member
      for (const path of ["/v1/users/me", `/v1/users/${id}`]) {
        assert.strictEqual(json(yield* send("GET", path, { headers })).email, email)
      }
    })
  )

  it.effect("of somebody else is not found, as one that does not exist", () =>
    Effect.gen(function* () {
      const [{ headers }, other] = [yield* member, yield* member]
      const theirs = yield* refusal([404, "not_found"], "GET", `/v1/users/${other.id}`, { headers })
      const nobodys = yield* refusal([404, "not_found"], "GET", "/v1/users/usr_nobody", { headers })
      assert.strictEqual(withoutIds(theirs), withoutIds(nobodys))
    })
  )
})

layer(openDoor, { excludeTestServices: true })("a failed log in", (it) => {
  it.effect("is the same answer for an unknown address and a wrong password, byte for byte", () =>
    Effect.gen(function* () {
      const { email, password } = yield* member
      const logIn = (body: unknown) => refusal([401, "invalid_credentials"], "POST", "/v1/sessions", { body })
      const wrong = yield* logIn({ email, password: "not the password" })
      const unknown = yield* logIn({ email: "nobody@example.com", password })
      assert.strictEqual(withoutIds(wrong), withoutIds(unknown))
      assert.strictEqual(wrong.headers["www-authenticate"], "Bearer")
    })
  )

  it.effect("is no other for a password that nobody could have chosen", () =>
    Effect.gen(function* () {
      const { email } = yield* member
      yield* refusal([401, "invalid_credentials"], "POST", "/v1/sessions", { body: { email, password: "x" } })
    })
  )
})

layer(openDoor, { excludeTestServices: true })("a session", (it) => {
  it.effect("is a token, whose it is, and when it ends", () =>
    Effect.gen(function* () {
      const { email, id, password } = yield* member
      const answer = yield* send("POST", "/v1/sessions", { body: { email, password } })
      const session = json(answer)
      assert.deepStrictEqual([answer.status, answer.headers["location"]], [201, "/v1/sessions/current"])
      assert.deepStrictEqual(Object.keys(session).sort(), ["device", "expires_at", "token", "user_id"])
      assert.strictEqual(session.user_id, id)
    })
  )

  it.effect("that is missing, of another scheme or not genuine is refused in the same words", () =>
    Effect.gen(function* () {
      const { token } = yield* member
      const forged = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`
      const headers = [{}, { authorization: "Bearer" }, { authorization: "Basic YTpi" }]
      const all = [...headers, { authorization: "Bearer nonsense" }, { authorization: `Bearer ${forged}` }]
      const answers = yield* Effect.forEach(all, (given) =>
        refusal([401, "unauthenticated"], "GET", "/v1/users/me", { headers: given })
      )
      assert.strictEqual(new Set(answers.map(withoutIds)).size, 1)
      for (const { headers } of answers) assert.strictEqual(headers["www-authenticate"], "Bearer")
    })
  )

  it.effect("is wanted by everything that is somebody's", () =>
    Effect.gen(function* () {
      for (const [method, path] of [
        ["GET", "/v1/users"],
        ["GET", "/v1/users/me"],
        ["GET", "/v1/users/usr_1"],
        ["DELETE", "/v1/sessions"],
        ["DELETE", "/v1/sessions/current"],
        ["POST", "/v1/orders"],
        ["GET", "/v1/orders"],
        ["GET", "/v1/orders/ord_1"],
        ["GET", "/v1/orders/ord_1/timeline"]
      ] as const) {
        yield* refusal([401, "unauthenticated"], method, path, { headers: newKey() })
      }
    })
  )

  it.effect("that was logged out is over, and the others are not", () =>
    Effect.gen(function* () {
      const { email, headers, password } = yield* member
      const other = json(yield* send("POST", "/v1/sessions", { body: { email, password } }))
      assert.strictEqual((yield* send("DELETE", "/v1/sessions/current", { headers })).status, 204)
      yield* refusal([401, "unauthenticated"], "GET", "/v1/users/me", { headers })
      const still = { headers: { authorization: `Bearer ${other.token}` } }
      assert.strictEqual((yield* send("GET", "/v1/users/me", still)).status, 200)
      assert.strictEqual((yield* send("DELETE", "/v1/sessions", still)).status, 204)
      yield* refusal([401, "unauthenticated"], "GET", "/v1/users/me", still)
    })
  )
})

const operator = Effect.gen(function* () {
  const who = yield* member
  yield* Effect.flatMap(Users, (users) => users.setRole(UserId.make(who.id), "operator"))
  return who
})

layer(doorOver(Shop.layerMemory).pipe(Layer.fresh), { excludeTestServices: true })("the list of users", (it) => {
  it.effect("is forbidden to customers", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const { problem } = yield* refusal([403, "forbidden"], "GET", "/v1/users", { headers })
      assert.strictEqual(problem.retry, "never")
    })
  )

  it.effect("is for operators, newest first, page by page", () =>
    Effect.gen(function* () {
      const { headers } = yield* operator
      const [one, two] = [yield* member, yield* member]
      const first = json(yield* send("GET", "/v1/users?limit=1", { headers }))
      assert.deepStrictEqual([first.data[0].id, first.has_more], [two.id, true])
      const cursor = encodeURIComponent(first.next_cursor)
      const second = json(yield* send("GET", `/v1/users?limit=1&cursor=${cursor}`, { headers }))
      assert.strictEqual(second.data[0].id, one.id)
    })
  )

  it.effect("lets operators read any account; what does not exist is not found", () =>
    Effect.gen(function* () {
      const [{ headers }, other] = [yield* operator, yield* member]
      assert.strictEqual((yield* send("GET", `/v1/users/${other.id}`, { headers })).status, 200)
      yield* refusal([404, "not_found"], "GET", "/v1/users/usr_nobody", { headers })
    })
  )
})
