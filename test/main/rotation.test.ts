/** APP_SECRET is changed while the shop runs: a node with the new one knows all that the others have given out. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { request } from "./client.ts"
import { signedIn } from "./operator.ts"
import { otherProvider, startShop } from "./process.ts"

const [former, next] = ["the secret of former days, long enough", "the secret of the days to come, long enough"]
const operator = "token-of-ada-the-operator"
const [email, password] = ["rotating@example.com", "a password that outlives it"]
const lines = [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }]

interface Given {
  readonly id: string
  readonly token: string
  readonly device: string
  readonly next_cursor: string
  readonly data: ReadonlyArray<{ readonly id: string }>
  readonly code: string
}

/** Side by side: each knows the other's secret, as in the middle of a rotation. */
const nodes = Effect.gen(function* () {
  const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
  const started = (APP_SECRET: string, APP_SECRET_PREVIOUS: string) =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryFolder
      const env = { ...otherProvider, DATABASE_URL, DATA_DIR, APP_SECRET, APP_SECRET_PREVIOUS }
      const shop = yield* startShop({ env: { ...env, OPS_TOKENS: `ada:operator:${operator}` } })
      const { opsUrl: ops, url } = yield* shop.ready
      const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: object) =>
        Effect.map(
          request<Given>(`${url}${path}`, {
            method,
            headers: { "content-type": "application/json", ...headers },
            ...(body === undefined ? {} : { body: JSON.stringify(body) })
          }),
          (answer) => answer ?? assert.fail(`no answer to ${path}`)
        )
      return { ask, ops }
    })
  return yield* Effect.all([started(former, next), started(next, former)], { concurrency: 2 })
})

layer(Layer.empty, { excludeTestServices: true })("a change of APP_SECRET", (it) => {
  it.effect(
    "logs nobody out, breaks no cursor, forgets no key and no device",
    () =>
      Effect.gen(function* () {
        const [before, after] = yield* nodes
        const keyed = (key: string, more: Record<string, string> = {}) => ({ "idempotency-key": key, ...more })
        const person = { email, password, name: "Ada Lovelace" }
        const account = yield* before.ask("POST", "/v1/users", keyed("sign-up-one"), person)
        const session = yield* before.ask("POST", "/v1/sessions", {}, { email, password })
        const bearer = { authorization: `Bearer ${session.body.token}`, prefer: "wait=0" }
        const cart = { lines, payment_method: "pm_card_visa" }
        const order = yield* before.ask("POST", "/v1/orders", keyed("order-one", bearer), cart)
        assert.deepStrictEqual([account.status, session.status, order.status], [201, 201, 202])
        const page = yield* before.ask("GET", "/v1/products?limit=1")
        const cookie = yield* signedIn(before.ops, operator)

        const me = yield* after.ask("GET", "/v1/users/me", bearer)
        assert.deepStrictEqual([me.status, me.body.id], [200, account.body.id])
        const behind = `/v1/products?limit=1&cursor=${page.body.next_cursor}`
        const [first, second] = [yield* before.ask("GET", behind), yield* after.ask("GET", behind)]
        assert.strictEqual(second.status, 200)
        assert.deepStrictEqual(
          second.body.data.map(({ id }) => id),
          first.body.data.map(({ id }) => id)
        )
        const again = [
          yield* after.ask("POST", "/v1/users", keyed("sign-up-one"), person),
          yield* after.ask("POST", "/v1/orders", keyed("order-one", bearer), cart)
        ]
        assert.deepStrictEqual(
          again.map(({ body, headers }) => [body.id, headers.get("idempotent-replayed")]),
          [account, order].map(({ body }) => [body.id, "true"])
        )
        const page2 = yield* Effect.promise(() =>
          fetch(`${after.ops}/ops`, { headers: { cookie }, redirect: "manual" })
        )
        assert.strictEqual(page2.status, 200)

        for (let guess = 0; guess < 10; guess++) {
          yield* after.ask("POST", "/v1/sessions", {}, { email, password: `${password}?` })
        }
        const stranger = yield* after.ask("POST", "/v1/sessions", {}, { email, password })
        assert.deepStrictEqual([stranger.status, stranger.body.code], [429, "too_many_login_attempts"])
        const { device } = session.body
        const known = yield* after.ask("POST", "/v1/sessions", {}, { email, password, device })
        assert.strictEqual(known.status, 201)
        const back = yield* before.ask("GET", "/v1/users/me", { authorization: `Bearer ${known.body.token}` })
        assert.strictEqual(back.status, 200)
      }).pipe(Effect.provide(Logger.layer([]))),
    60_000
  )
})
