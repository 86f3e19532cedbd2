/**
 * `holdfast/client` and a real shop, with a wire between them that breaks: what it repeats, under which key, when, and that
 * nothing is done twice.
 */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Logger, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { FetchHttpClient } from "effect/http"
import { Reactivity } from "effect/reactivity"
import { randomUUID } from "node:crypto"
import { Email, HoldfastClient, Name, Sku } from "../../src/client/index.ts"
import { Database } from "../../src/database/Database.ts"
import { KillSwitchesPostgres } from "../../src/database/KillSwitchesPostgres.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { eventually } from "../eventually.ts"
import { startShop } from "./process.ts"
import { startRelay } from "./relay.ts"

class Running extends Context.Service<
  Running,
  { readonly database: Redacted.Redacted; readonly relay: Effect.Success<ReturnType<typeof startRelay>> }
>()("holdfast/test/main/RunningBehindRelay") {
  static readonly layer = Layer.effect(
    Running,
    Effect.gen(function* () {
      const database = yield* TestDatabaseUrl.make("migrated")
      const env = { DATABASE_URL: Redacted.value(database), DATA_DIR: yield* temporaryFolder }
      const { url } = yield* (yield* startShop({ env })).ready
      return { database, relay: yield* startRelay(url) }
    })
  )
}

const kettle = { lines: [{ sku: Sku.make("KITCHEN-KETTLE-12"), quantity: 1 }], paymentMethod: "pm_card_visa" }
const password = Redacted.make("a sentence that nobody guesses")
const person = () => ({ email: Email.make(`${randomUUID()}@example.com`), password, name: Name.make("A Person") })

const clientOf = (token?: string) =>
  Effect.flatMap(Running, ({ relay }) =>
    HoldfastClient.make({ baseUrl: relay.url, ...(token === undefined ? {} : { token }) })
  )
const member = Effect.gen(function* () {
  const stranger = yield* clientOf()
  const { email, name } = person()
  const user = yield* stranger.users.signUp({ payload: { email, password, name } })
  const { token } = yield* stranger.sessions.logIn({ payload: { email, password } })
  return { user, client: yield* clientOf(token) }
})

/** What went over the wire meanwhile: each attempt's key, and what the shop answered. */
const watched = Effect.fnUntraced(function* <A, E, R>(self: Effect.Effect<A, E, R>) {
  const { relay } = yield* Running
  const before = (yield* relay.seen).length
  const result = yield* self
  const attempts = (yield* relay.seen).slice(before)
  const keys = new Set(attempts.map(({ headers }) => headers["idempotency-key"]))
  return { result, attempts, keys, statuses: attempts.map(({ status }) => status) }
})

/** As a node that serves nobody. */
const switches = Effect.gen(function* () {
  const { database } = yield* Running
  const services = yield* Layer.build(
    Layer.fresh(KillSwitchesPostgres.layer).pipe(
      Layer.provide(Database.layer({ url: database })),
      Layer.provide(SecureRandom.layerWebCrypto)
    )
  )
  return Context.get(services, KillSwitches)
})

/** Somebody else's transaction claims the key, and stays open until `release`: then it never was. */
const claimed = Effect.fnUntraced(function* (account: string, key: string) {
  const { database } = yield* Running
  const [isHeld, release] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
  const sql = yield* PgClient.make({ url: database, maxConnections: 1 }).pipe(Effect.provide(Reactivity.layer))
  const claim = sql`insert into idempotency_keys (account, route, key, fingerprint, refusal, expires_at)
    values (${account}, 'POST /v1/orders', ${key}, '\\x00', '{}', now() + interval '1 day')`
  yield* Effect.forkScoped(
    sql.withTransaction(
      Effect.andThen(
        claim,
        Effect.andThen(
          Deferred.succeed(isHeld, undefined),
          Effect.andThen(Deferred.await(release), Effect.fail("rolled back"))
        )
      )
    )
  )
  yield* Deferred.await(isHeld)
  return Deferred.succeed(release, undefined)
})

const shop = Running.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(FetchHttpClient.layer, SecureRandom.layerWebCrypto, Logger.layer([])))
)

layer(shop, { excludeTestServices: true })("the client, over a wire that breaks,", (it) => {
  it.effect(
    "repeats what makes something under one key, whether the shop had heard of it or not",
    () =>
      Effect.gen(function* () {
        const { relay } = yield* Running
        const stranger = yield* clientOf()
        yield* relay.lose("after", "before")
        const signUp = yield* watched(stranger.users.signUp({ payload: person() }))
        assert.deepStrictEqual([signUp.statuses, signUp.keys.size], [[201, undefined, 201], 1])
        assert.strictEqual(signUp.attempts[2]?.answer?.["idempotent-replayed"], "true")

        const { client } = yield* member
        yield* relay.lose("before", "after")
        const { attempts, keys, result, statuses } = yield* watched(client.orders.place({ payload: kettle }))
        assert.deepStrictEqual([statuses, keys.size], [[undefined, 201, 201], 1])
        assert.strictEqual(attempts[2]?.answer?.["idempotent-replayed"], "true")
        assert.include(["confirmed", "captured"], result.status)
        const { data } = yield* client.orders.list({ query: {} })
        assert.deepStrictEqual(
          data.map(({ id }) => id),
          [result.id]
        )
      }),
    60_000
  )

  it.effect(
    "tells each attempt how much of its time is left",
    () =>
      Effect.gen(function* () {
        const { relay } = yield* Running
        const { client } = yield* member
        yield* relay.lose("before", "before")
        const { attempts } = yield* watched(client.users.me({}, { deadline: "10 seconds" }))
        const left = attempts.map(({ headers }) => Number(headers["request-timeout"]))
        assert.strictEqual(left.length, 3)
        assert.isAtMost(left[0] ?? 0, 10)
        assert.deepStrictEqual(
          left.toSorted((one, other) => other - one),
          left
        )
      }),
    60_000
  )

  it.effect(
    "does not repeat what might be done twice, nor what says that it makes no sense",
    () =>
      Effect.gen(function* () {
        const { relay } = yield* Running
        const { client } = yield* member
        const stranger = yield* clientOf()
        yield* relay.lose("after")
        const credentials = { email: person().email, password }
        const logIn = yield* watched(Effect.flip(stranger.sessions.logIn({ payload: credentials })))
        assert.deepStrictEqual([logIn.result._tag, logIn.attempts.length], ["NoAnswer", 1])

        const declined = { ...kettle, paymentMethod: "pm_card_chargeDeclined" }
        for (const [payload, tag] of [
          [declined, "OrderPaymentDeclined"],
          [{ ...kettle, expectedTotal: 1 }, "PriceChanged"]
        ] as const) {
          const refused = yield* watched(Effect.flip(client.orders.place({ payload })))
          assert.deepStrictEqual([refused.result._tag, refused.attempts.length], [tag, 1])
        }
      }),
    60_000
  )

  it.effect(
    "comes back after a 503 when that says, and not before",
    () =>
      Effect.gen(function* () {
        const { client } = yield* member
        const checkout = yield* switches
        yield* checkout.set("checkout", "off", { actor: "ada", reason: "drill", expiresIn: "5 seconds" })
        // Until the shop has heard of it, orders are placed.
        const outcome = Effect.match(client.orders.place({ payload: kettle }, { deadline: "1 second" }), {
          onFailure: ({ _tag }) => _tag,
          onSuccess: () => "placed" as const
        })
        yield* eventually(outcome, (tag) => tag === "FeatureDisabled")
        const { attempts, keys, result, statuses } = yield* watched(client.orders.place({ payload: kettle }))
        assert.include(["confirmed", "captured"], result.status)
        assert.strictEqual(keys.size, 1)
        assert.deepStrictEqual([statuses[0], statuses.at(-1)], [503, 201])
        attempts.slice(1).forEach(({ at }, index) => {
          const [before] = attempts.slice(index)
          const asked = Number(before?.answer?.["retry-after"])
          assert.isAtLeast(asked, 1)
          assert.isAtLeast(at - (before?.at ?? 0), asked * 1000)
        })
      }).pipe(Effect.scoped),
    60_000
  )

  it.effect(
    "asks again under its key while the first request with it is at work, and is answered when that is over",
    () =>
      Effect.gen(function* () {
        const { client, user } = yield* member
        const idempotencyKey = randomUUID()
        if (!("id" in user)) return assert.fail("no account")
        const release = yield* claimed(user.id, idempotencyKey)
        const { relay } = yield* Running
        const placing = yield* Effect.forkChild(watched(client.orders.place({ payload: kettle }, { idempotencyKey })))
        yield* eventually(relay.seen, (all) =>
          all.some(({ headers, status }) => headers["idempotency-key"] === idempotencyKey && status === 409)
        )
        yield* release
        const { keys, result, statuses } = yield* Fiber.join(placing)
        assert.include(["confirmed", "captured"], result.status)
        assert.deepStrictEqual([...keys], [idempotencyKey])
        assert.deepStrictEqual([statuses[0], statuses.at(-1)], [409, 201])
      }).pipe(Effect.scoped),
    60_000
  )
})
