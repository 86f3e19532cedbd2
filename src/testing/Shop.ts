/**
 * The whole shop in memory: real features over in-memory layers, its worker running, its catalogue filled.
 *
 *     it.effect("…", () => Effect.gen(function* () { const orders = yield* Orders; … }).pipe(Effect.provide(Shop.layerMemory)))
 *
 * The same services, errors and saga as in production; only what lies outside of the process is replaced. Time is the
 * fiber's, so `TestClock` drives retries and waits. Each build is a shop of its own.
 */
import { NodeCrypto } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Catalog } from "../catalog/Catalog.ts"
import { LastGoodCatalogue } from "../catalog/LastGoodCatalogue.ts"
import { Storefront } from "../catalog/Storefront.ts"
import { Suggestions } from "../catalog/Suggestions.ts"
import { TermsOfSale } from "../catalog/TermsOfSale.ts"
import { EmailMemory } from "../dependencies/email/EmailMemory.ts"
import { PaymentsMemory } from "../dependencies/payments/PaymentsMemory.ts"
import { mailWorker } from "../emails/mailWorker.ts"
import { MailStore } from "../emails/MailStore.ts"
import { Jobs } from "../jobs/Jobs.ts"
import { runWorker } from "../jobs/Worker.ts"
import { Status } from "../ops/Status.ts"
import { Appliers } from "../jobs/spool/Deferred.ts"
import { DeferredWrites } from "../jobs/spool/DeferredWrites.ts"
import { deferredWorker } from "../jobs/spool/runDeferred.ts"
import { Spool } from "../jobs/spool/Spool.ts"
import { DeferredOrders } from "../orders/deferred/DeferredOrders.ts"
import { DeferredSignUps } from "../users/DeferredSignUps.ts"
import { OrderChanges } from "../orders/OrderChanges.ts"
import { Orders } from "../orders/Orders.ts"
import { runOrder } from "../orders/OrderSaga.ts"
import { orderQueue } from "../orders/OrderStore.ts"
import * as OrderStoreMemory from "../orders/OrderStoreMemory.ts"
import { Outcomes } from "../orders/Outcomes.ts"
import { PaymentWebhooks, WebhookSecret } from "../orders/webhooks/PaymentWebhooks.ts"
import { runWebhook } from "../orders/webhooks/runWebhook.ts"
import { webhookQueue } from "../orders/webhooks/WebhookInbox.ts"
import * as WebhookInboxMemory from "../orders/webhooks/WebhookInboxMemory.ts"
import { KillSwitches } from "../resilience/index.ts"
import { stockedShelves } from "../sandbox/StandIns.ts"
import { AppSecret } from "../users/AppSecret.ts"
import { Directory } from "../users/Directory.ts"
import { LogInAttempts } from "../users/LogInAttempts.ts"
import { Passwords } from "../users/Passwords.ts"
import { Revocations } from "../users/Revocations.ts"
import { Sessions } from "../users/Sessions.ts"
import { Tokens } from "../users/Tokens.ts"
import { UserRepo } from "../users/UserRepo.ts"
import { SessionRepo } from "../users/SessionRepo.ts"
import { Users } from "../users/Users.ts"

const accounts = DeferredSignUps.layerNoRepo.pipe(
  Layer.provideMerge(Layer.mergeAll(Layer.provideMerge(Directory.layer, Users.layerNoRepo), Sessions.layerNoRepo)),
  Layer.provide([
    LogInAttempts.layerMemory,
    SessionRepo.layerMemory,
    Revocations.layerUnknown,
    Passwords.layerMemory,
    Tokens.layer
  ]),
  Layer.provide(UserRepo.layerMemory)
)

const orders = Layer.mergeAll(
  Orders.layer,
  PaymentWebhooks.layer.pipe(Layer.provideMerge(WebhookInboxMemory.layer))
).pipe(
  Layer.provideMerge(OrderStoreMemory.layer),
  Layer.provide(Outcomes.layer),
  Layer.provide(OrderChanges.layerMemory)
)

const worker = Layer.effectDiscard(
  Effect.flatMap(runOrder, (handle) => Effect.forkScoped(runWorker({ queue: orderQueue, concurrency: 4, handle })))
)

const webhookWorker = Layer.effectDiscard(
  Effect.flatMap(runWebhook, (handle) => Effect.forkScoped(runWorker({ queue: webhookQueue, concurrency: 4, handle })))
)

const appliers = Layer.effect(
  Appliers,
  Effect.all({
    order: Effect.map(DeferredOrders, ({ apply }) => apply),
    sign_up: Effect.map(DeferredSignUps, ({ apply }) => apply)
  })
)
const deferred = Layer.provide(deferredWorker, appliers)

const layerMemory = Layer.mergeAll(worker, webhookWorker, mailWorker, deferred, stockedShelves).pipe(
  Layer.provideMerge(DeferredOrders.layer),
  Layer.provideMerge(Layer.mergeAll(accounts, orders)),
  Layer.provideMerge(Suggestions.layer),
  Layer.provideMerge(Layer.merge(Storefront.layer, Status.layerWell)),
  Layer.provideMerge(Layer.merge(MailStore.layerMemory, EmailMemory.layer)),
  Layer.provideMerge(Layer.merge(Spool.layerMemory, DeferredWrites.layerMemory)),
  Layer.provideMerge(LastGoodCatalogue.layer),
  Layer.provideMerge(
    Layer.mergeAll(Catalog.layerMemory, TermsOfSale.layerMemory, Jobs.layerMemory, PaymentsMemory.layer)
  ),
  Layer.provideMerge(KillSwitches.layerMemory),
  Layer.provide([AppSecret.layerMemory, WebhookSecret.layerMemory, NodeCrypto.layer])
)

export const Shop = { layerMemory }
