/** A shop whose orders' store a test can take away, with what it knew last; on maps, and on real PostgreSQL. */
import { NodeCrypto } from "@effect/platform-node"
import { Context, DateTime, Effect, Layer, Option, Redacted } from "effect"
import { Catalog } from "../../../src/catalog/Catalog.ts"
import { type KnownCatalogue, knownCatalogue } from "../../../src/catalog/knownCatalogue.ts"
import { LastGoodCatalogue } from "../../../src/catalog/LastGoodCatalogue.ts"
import { TermsOfSale } from "../../../src/catalog/TermsOfSale.ts"
import { DatabaseUnavailable } from "../../../src/database/errors.ts"
import { Jobs } from "../../../src/jobs/Jobs.ts"
import { Appliers } from "../../../src/jobs/spool/Deferred.ts"
import { DeferredWrites } from "../../../src/jobs/spool/DeferredWrites.ts"
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import { OrderChanges } from "../../../src/orders/OrderChanges.ts"
import { DeferredOrders } from "../../../src/orders/deferred/DeferredOrders.ts"
import { Orders } from "../../../src/orders/Orders.ts"
import { OrderStore } from "../../../src/orders/OrderStore.ts"
import * as OrderStoreMemory from "../../../src/orders/OrderStoreMemory.ts"
import * as OrderStorePostgres from "../../../src/orders/OrderStorePostgres.ts"
import { Outcomes } from "../../../src/orders/Outcomes.ts"
import { KillSwitches } from "../../../src/resilience/index.ts"
import { AppSecret } from "../../../src/users/AppSecret.ts"
import { DeferredSignUps } from "../../../src/users/DeferredSignUps.ts"
import { LogInAttempts } from "../../../src/users/LogInAttempts.ts"
import { Passwords } from "../../../src/users/Passwords.ts"
import { Revocations } from "../../../src/users/Revocations.ts"
import { SessionRepo } from "../../../src/users/SessionRepo.ts"
import { Sessions } from "../../../src/users/Sessions.ts"
import { Tokens } from "../../../src/users/Tokens.ts"
import { UserRepo } from "../../../src/users/UserRepo.ts"
import { Users } from "../../../src/users/Users.ts"
import { TestDatabase } from "../../database/testDatabase.ts"

/** How the stores of orders and users fail; `unheard` is done, and nobody hears of it. */
export class Fate extends Context.Service<
  Fate,
  { is: "up" | "down" | "busy" | "unheard"; known: KnownCatalogue | undefined }
>()("holdfast/test/Fate") {
  static readonly layer = Layer.sync(Fate, () => ({ is: "up" as const, known: undefined }))
}

export const away = new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 5 })
const busy = new DatabaseUnavailable({ reason: "pool_exhausted", outcome: "none", retryAfterSeconds: 1 })
const lost = new DatabaseUnavailable({ reason: "connection", outcome: "unknown", retryAfterSeconds: 5 })

const underFate = <S extends Record<keyof S, (...args: never) => Effect.Effect<unknown, unknown>>>(
  store: S,
  fate: Fate["Service"]
): S =>
  new Proxy(store, {
    get: (of, name: keyof S & string) =>
      ((...args: never) =>
        Effect.suspend((): Effect.Effect<unknown, unknown> => {
          const done = of[name](...args)
          if (fate.is === "up") return done
          if (fate.is === "unheard") return ["place", "insert"].includes(name) ? Effect.andThen(done, lost) : done
          return Effect.fail(fate.is === "down" ? away : busy)
        })) as S[keyof S & string]
  })

const fatedOrders = Layer.effect(
  OrderStore,
  Effect.gen(function* () {
    return underFate(yield* OrderStore, yield* Fate)
  })
)
const fatedUsers = Layer.effect(
  UserRepo,
  Effect.gen(function* () {
    return underFate(yield* UserRepo, yield* Fate)
  })
)
const lastGood = Layer.effect(
  LastGoodCatalogue,
  Effect.map(Fate, (fate) => ({ within: () => Effect.sync(() => Option.fromUndefinedOr(fate.known)) }))
)

const appliers = Layer.effect(
  Appliers,
  Effect.all({
    order: Effect.map(DeferredOrders, ({ apply }) => apply),
    sign_up: Effect.map(DeferredSignUps, ({ apply }) => apply)
  })
)

const deciding = appliers.pipe(Layer.provideMerge(Layer.mergeAll(DeferredOrders.layer, DeferredSignUps.layerNoRepo)))
const deferring = deciding.pipe(Layer.provideMerge(lastGood), Layer.provideMerge(Spool.layerMemory))
const accounts = Layer.mergeAll(Users.layerNoRepo, Sessions.layerNoRepo).pipe(
  Layer.provide([LogInAttempts.layerMemory, Passwords.layerMemory, Tokens.layer, Revocations.layerUnknown])
)

export const deferringInMemory = deferring.pipe(
  Layer.provideMerge(Layer.merge(Orders.layer, DeferredWrites.layerMemory)),
  Layer.provideMerge(fatedOrders.pipe(Layer.provide(OrderStoreMemory.layer))),
  Layer.provideMerge(Outcomes.layer),
  Layer.provide(OrderChanges.layerMemory),
  Layer.provideMerge(accounts),
  Layer.provide(SessionRepo.layerMemory),
  Layer.provideMerge(fatedUsers.pipe(Layer.provide(UserRepo.layerMemory))),
  Layer.provideMerge(Fate.layer),
  Layer.provideMerge(Layer.mergeAll(Catalog.layerMemory, TermsOfSale.layerMemory, Jobs.layerMemory)),
  Layer.provideMerge(KillSwitches.layerMemory),
  Layer.provide([AppSecret.layerMemory, NodeCrypto.layer])
)

export const deferringInPostgres = deferring.pipe(
  Layer.provideMerge(Layer.merge(Orders.layer, DeferredWrites.layer)),
  Layer.provideMerge(fatedOrders.pipe(Layer.provide(OrderStorePostgres.layer))),
  Layer.provideMerge(Outcomes.layer),
  Layer.provide(OrderChanges.layer),
  Layer.provideMerge(accounts),
  Layer.provide(SessionRepo.layer),
  Layer.provideMerge(fatedUsers.pipe(Layer.provide(UserRepo.layer))),
  Layer.provideMerge(Fate.layer),
  Layer.provideMerge(Layer.mergeAll(Catalog.layer, TermsOfSale.layer, Jobs.layer)),
  Layer.provideMerge(KillSwitches.layerMemory),
  Layer.provide([AppSecret.layerMemory, NodeCrypto.layer]),
  Layer.provideMerge(TestDatabase.layer)
)

const rotated = Layer.effect(
  AppSecret,
  Effect.map(AppSecret, ({ current }) => ({
    current: Redacted.make("another secret for tests only, as long as the first one"),
    previous: current
  }))
).pipe(Layer.provide(AppSecret.layerMemory))
/** Another node of the same shop, on the same stores: started with a new secret, it knows the old one. */
export const afterRotation = Layer.fresh(deciding.pipe(Layer.provideMerge(Orders.layer))).pipe(
  Layer.provide([rotated, NodeCrypto.layer])
)

export const goes = (is: Fate["Service"]["is"]) => Effect.map(Fate, (fate) => void (fate.is = is))

/** The shop's catalogue as it is now is what it knew last. */
export const known = Effect.gen(function* () {
  const [catalog, terms, fate] = [yield* Catalog, yield* TermsOfSale, yield* Fate]
  fate.known = knownCatalogue(yield* DateTime.now, yield* catalog.newest(100), yield* terms.all(100))
})

export const password = Redacted.make("a password that is long enough")
