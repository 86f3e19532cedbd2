/** What a client sees of the catalogue and of accounts while the database is away: 200, how old it is, and that it is. */
import { assert, describe, it } from "@effect/vitest"
import { Context, DateTime, Effect, Layer, type Redacted, Schedule } from "effect"
import { LastGoodCatalogue } from "../../src/catalog/LastGoodCatalogue.ts"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { productsShownFor } from "../../src/catalog/policy.ts"
import { DatabaseUnavailable } from "../../src/database/errors.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Catalog, Shop } from "../../src/testing/index.ts"
import { doorOver, json, member, newKey, openDoor, refusal, send } from "./door.ts"

class Away extends Context.Service<Away, { is: boolean }>()("holdfast/test/Away") {
  static readonly layer = Layer.sync(Away, () => ({ is: false }))
}

const away = new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 5 })

const features = Layer.fresh(Storefront.layer).pipe(
  Layer.provide(
    Layer.effect(
      Catalog,
      Effect.gen(function* () {
        const [catalog, is] = [yield* Catalog, yield* Away]
        const unless = <A, E>(ask: Effect.Effect<A, E>) =>
          Effect.suspend((): Effect.Effect<A, E | DatabaseUnavailable> => (is.is ? Effect.fail(away) : ask))
        return {
          ...catalog,
          find: (id) => unless(catalog.find(id)),
          list: (page) => unless(catalog.list(page)),
          stockLevel: (id) => unless(catalog.stockLevel(id))
        } satisfies Catalog["Service"]
      })
    )
  ),
  Layer.provideMerge(Layer.merge(Shop.layerMemory, Away.layer))
)

const known = Effect.flatMap(LastGoodCatalogue, (lastGood) =>
  Effect.repeat(lastGood.within(productsShownFor), {
    until: ({ _tag }) => _tag === "Some",
    schedule: Schedule.spaced("50 millis")
  })
)
const whileAway = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.acquireUseRelease(
    Effect.tap(Away, (is) => Effect.sync(() => void (is.is = true))),
    () => effect,
    (is) => Effect.sync(() => void (is.is = false))
  )

const door = doorOver(features)

describe("while the catalogue cannot be read", () => {
  it.live("products and levels are shown as they were known last, with their age", () =>
    Effect.gen(function* () {
      yield* known
      const live = yield* send("GET", "/v1/products?limit=2")
      const [{ id }] = json(live).data
      const paths = ["/v1/products?limit=2", `/v1/products/${id}`, `/v1/products/${id}/stock`]
      for (const path of paths) {
        const before = yield* send("GET", path)
        assert.strictEqual(before.headers["age"], undefined)
        assert.strictEqual(before.headers["cache-status"], undefined)
        assert.notProperty(json(before), "degraded")
        const answer = yield* whileAway(send("GET", path))
        assert.strictEqual(answer.status, 200, answer.text)
        const age = Number(answer.headers["age"])
        assert.isAtLeast(age, 0)
        assert.isBelow(age, 30)
        assert.match(answer.headers["cache-status"] ?? "", /^holdfast; hit; ttl=-\d+; detail=[a-z_]+$/)
        assert.include(answer.headers["cache-status"], `ttl=-${age};`)
        assert.strictEqual(answer.headers["etag"], undefined)
        const { degraded, ...rest } = json(answer)
        const feature = path.endsWith("stock") ? "stock" : "catalogue"
        assert.deepInclude(degraded, { feature, mode: "last_good", since: degraded[0].since })
        assert.isTrue(DateTime.isLessThan(DateTime.makeUnsafe(degraded[0].since), yield* DateTime.now))
        if (feature === "stock") assert.deepInclude(rest, { source: "cache", stale: true, as_of: degraded[0].since })
        else assert.deepStrictEqual(rest, json(before))
      }
    }).pipe(Effect.provide(door))
  )

  it.live("pages go on behind their cursors", () =>
    Effect.gen(function* () {
      yield* known
      const walk = Effect.gen(function* () {
        const skus: Array<string> = []
        let page = json(yield* send("GET", "/v1/products?limit=7"))
        skus.push(...page.data.map((product: { sku: string }) => product.sku))
        while (page.has_more) {
          page = json(yield* send("GET", `/v1/products?limit=7&cursor=${page.next_cursor}`))
          skus.push(...page.data.map((product: { sku: string }) => product.sku))
        }
        return skus
      })
      const live = yield* walk
      assert.isAbove(live.length, 20)
      assert.deepStrictEqual(yield* whileAway(walk), live)
    }).pipe(Effect.provide(door))
  )

  it.live("a product that nobody knows is a 503 and not a 404", () =>
    Effect.gen(function* () {
      yield* known
      yield* refusal([404, "not_found"], "GET", "/v1/products/prd_unheard_of")
      yield* whileAway(refusal([503, "database_unavailable"], "GET", "/v1/products/prd_unheard_of"))
      yield* whileAway(refusal([503, "database_unavailable"], "GET", "/v1/products/prd_unheard_of/stock"))
    }).pipe(Effect.provide(door))
  )
})

/** From now on sessions are as while the database is down: known by their token alone. */
const takenAtTheirWord = Effect.gen(function* () {
  const sessions = yield* Sessions
  const { authenticate } = sessions
  const trust = { by: "token", at: yield* DateTime.now, because: away } as const
  Object.assign(sessions, {
    authenticate: (token: Redacted.Redacted<string>) =>
      Effect.map(authenticate(token), (principal) => ({ ...principal, trust }))
  })
})

describe("whoever is taken at their word", () => {
  it.live("may look at their account", () =>
    Effect.gen(function* () {
      const { headers, id } = yield* member
      yield* takenAtTheirWord
      for (const path of ["/v1/users/me", `/v1/users/${id}`]) {
        assert.strictEqual((yield* send("GET", path, { headers })).status, 200)
      }
      // Not an operator for that.
      yield* refusal([403, "forbidden"], "GET", "/v1/users", { headers })
    }).pipe(Effect.provide(openDoor))
  )

  it.live("is a 503 for everything else, also when the database is there again", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      yield* takenAtTheirWord
      const key = { ...headers, ...newKey(), "if-match": '"1"' }
      const refused = [503, "database_unavailable"] as const
      yield* refusal(refused, "GET", "/v1/orders", { headers })
      yield* refusal(refused, "GET", "/v1/orders/ord_1", { headers })
      yield* refusal(refused, "GET", "/v1/orders/ord_1/timeline", { headers })
      yield* refusal(refused, "POST", "/v1/orders/ord_1/cancel", { headers: key })
      yield* refusal(refused, "POST", "/v1/orders/ord_1/refunds", { headers: key, body: {} })
      yield* refusal(refused, "DELETE", "/v1/sessions/current", { headers })
      yield* refusal(refused, "DELETE", "/v1/sessions", { headers })
      assert.strictEqual((yield* send("GET", "/v1/users/me", { headers })).status, 200)
    }).pipe(Effect.provide(openDoor))
  )
})
