/** The typed client against the real door over the shop in memory: what it gets, what it fails with, what it sends. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { FetchHttpClient } from "effect/http"
import { randomUUID } from "node:crypto"
import { Email, HoldfastClient, Name, NoAnswer, NotSent, OrderId, Sku } from "../../src/client/index.ts"
import { makeHandover } from "../../src/jobs/spool/handover.ts"
import { during, shop } from "../http/away.ts"
import { Door, doorOver } from "../http/door.ts"

const kettle = { lines: [{ sku: Sku.make("KITCHEN-KETTLE-12"), quantity: 1 }], paymentMethod: "pm_card_visa" }
const password = Redacted.make("a sentence that nobody guesses")

const clientWith = (options: { readonly token?: string; readonly attempts?: number } = {}) =>
  Effect.flatMap(Door, ({ port }) => HoldfastClient.make({ baseUrl: `http://127.0.0.1:${port}`, ...options }))

/** Someone new, and their client. */
const member = Effect.gen(function* () {
  const stranger = yield* clientWith()
  const email = Email.make(`${randomUUID()}@example.com`)
  const user = yield* stranger.users.signUp({ payload: { email, password, name: Name.make("A Person") } })
  const { token } = yield* stranger.sessions.logIn({ payload: { email, password } })
  return { email, user, client: yield* clientWith({ token }) }
})

const served = doorOver(shop).pipe(Layer.provideMerge(Layer.merge(FetchHttpClient.layer, SecureRandom.layerWebCrypto)))

layer(served, { excludeTestServices: true })("the client", (it) => {
  it.effect("signs up, logs in, places an order, follows it and logs out", () =>
    Effect.gen(function* () {
      const { client, email } = yield* member
      assert.strictEqual((yield* client.users.me({})).email, email)
      const products = yield* client.catalog.list({ query: { limit: 1 } })
      assert.strictEqual(products.data.length, 1)

      const placed = yield* client.orders.place({ payload: kettle })
      assert.include(["confirmed", "captured"], placed.status)
      const id = OrderId.make(placed.id)
      const order = yield* client.orders.get({ params: { id }, query: {} })
      assert.strictEqual(order.id, id)
      assert.isNotEmpty((yield* client.orders.timeline({ params: { id } })).data)

      yield* client.sessions.logOut({})
      const refused = yield* Effect.flip(client.users.me({}))
      assert.strictEqual(refused._tag, "Unauthenticated")
    })
  )

  it.effect("fails with the tag that the error has on the server, and with its problem", () =>
    Effect.gen(function* () {
      const { client, email } = yield* member
      const taken = yield* client.users
        .signUp({ payload: { email, password, name: Name.make("A Person") } })
        .pipe(Effect.catchTag("EmailTaken", ({ problem }) => Effect.succeed(problem)))
      assert.deepInclude(taken, { code: "email_taken", status: 409, retry: "after_change" })

      const known = yield* Effect.flip(client.orders.place({ payload: { ...kettle, expectedTotal: 1 } }))
      assert.strictEqual(known._tag, "PriceChanged")
      const missing = yield* Effect.flip(client.orders.get({ params: { id: OrderId.make("ord_none") }, query: {} }))
      assert.strictEqual(missing._tag, "OrderNotFound")
      const discount = yield* Effect.flip(client.orders.place({ payload: { ...kettle, discountCode: "NO-SUCH" } }))
      assert.strictEqual(discount._tag, "DiscountNotApplicable")
      const declined = yield* Effect.flip(
        client.orders.place({ payload: { ...kettle, paymentMethod: "pm_card_chargeDeclined" } })
      )
      assert.strictEqual(declined._tag, "OrderPaymentDeclined")
      const unseen = yield* Effect.flip(client.orders.cancel({ params: { id: OrderId.make("ord_none") } }))
      assert.include(["PreconditionRequired", "OrderNotFound"], unseen._tag)
    })
  )

  it.effect("makes one order of one key, however often it is asked", () =>
    Effect.gen(function* () {
      const { client } = yield* member
      const options = { idempotencyKey: randomUUID() }
      const [one, other] = yield* Effect.all([
        client.orders.place({ payload: kettle }, options),
        client.orders.place({ payload: kettle }, options)
      ])
      assert.strictEqual(one.id, other.id)
      assert.strictEqual((yield* client.orders.list({ query: {} })).data.length, 1)
      const reused = yield* Effect.flip(
        client.orders.place({ payload: { ...kettle, lines: [{ sku: kettle.lines[0]!.sku, quantity: 2 }] } }, options)
      )
      assert.strictEqual(reused._tag, "IdempotencyKeyReused")
    })
  )

  it.effect("takes what is in custody while the database is away for an answer, and follows it", () =>
    Effect.gen(function* () {
      const { client } = yield* member
      const kept = yield* during(client.orders.place({ payload: kettle }))
      assert.strictEqual(kept.status, "waiting")
      if (!("acceptUntil" in kept)) return assert.fail("an order")
      yield* Effect.flatten(makeHandover)
      const applied = yield* Effect.repeat(client.deferred.get({ params: { id: kept.id } }), {
        until: ({ status }) => status !== "waiting"
      })
      assert.match(applied.resource ?? "", /^\/v1\/orders\/ord_/)
    })
  )

  it.effect("does not send what the contract does not allow, and says which field without its value", () =>
    Effect.gen(function* () {
      const { client } = yield* member
      const lines = [{ sku: kettle.lines[0]!.sku, quantity: 0 }]
      const failure = yield* Effect.flip(
        client.orders.place({ payload: { ...kettle, lines, clientReference: "\u0007bell" } })
      )
      assert.instanceOf(failure, NotSent)
      assert.include(failure.message, "quantity")
      assert.notInclude(failure.message, "bell")
    })
  )

  it.effect("says that nobody answered where there is nobody", () =>
    Effect.gen(function* () {
      const nobody = yield* HoldfastClient.make({ baseUrl: "http://127.0.0.1:1", attempts: 1 })
      const failure = yield* Effect.flip(nobody.status.status({}))
      assert.instanceOf(failure, NoAnswer)
      assert.strictEqual(failure.reason, "connection")
    })
  )
})
