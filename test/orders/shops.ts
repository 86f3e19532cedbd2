/** Orders with all that they stand on, over payments of the test's choice: on maps, and on real PostgreSQL. */
import { NodeCrypto } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import type { Payments } from "../../src/dependencies/payments/Payments.ts"
import type { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { runWorker } from "../../src/jobs/Worker.ts"
import { OrderChanges } from "../../src/orders/OrderChanges.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { runOrder } from "../../src/orders/OrderSaga.ts"
import { orderQueue } from "../../src/orders/OrderStore.ts"
import * as OrderStoreMemory from "../../src/orders/OrderStoreMemory.ts"
import * as OrderStorePostgres from "../../src/orders/OrderStorePostgres.ts"
import { Outcomes } from "../../src/orders/Outcomes.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { UserRepo } from "../../src/users/UserRepo.ts"
import { Users } from "../../src/users/Users.ts"
import { TestDatabase } from "../database/testDatabase.ts"

type Money = Layer.Layer<Payments | PaymentsMemory>

const worker = Layer.effectDiscard(
  Effect.flatMap(runOrder, (handle) => Effect.forkScoped(runWorker({ queue: orderQueue, concurrency: 4, handle })))
)

export const shopInMemory = (payments: Money) => Layer.provideMerge(worker, shopWithoutWorkers(payments))

/** For who sends workers in himself. */
export const shopWithoutWorkers = (payments: Money) =>
  Orders.layer.pipe(
    Layer.provideMerge(OrderStoreMemory.layer),
    Layer.provide(Outcomes.layer),
    Layer.provide(OrderChanges.layerMemory),
    Layer.provideMerge(
      Layer.mergeAll(
        Users.layerNoRepo.pipe(Layer.provide([Passwords.layerMemory, UserRepo.layerMemory])),
        Catalog.layerMemory,
        TermsOfSale.layerMemory,
        payments
      )
    ),
    Layer.provideMerge(Jobs.layerMemory),
    Layer.provideMerge(KillSwitches.layerMemory),
    Layer.provide([AppSecret.layerMemory, NodeCrypto.layer])
  )

export const shopInPostgres = (payments: Money) =>
  worker.pipe(
    Layer.provideMerge(
      Orders.layer.pipe(
        Layer.provideMerge(OrderStorePostgres.layer),
        Layer.provide(Outcomes.layer),
        Layer.provide(OrderChanges.layer)
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(Users.layer.pipe(Layer.provide(Passwords.layerMemory)), Catalog.layer, TermsOfSale.layer, payments)
    ),
    Layer.provideMerge(Jobs.layer),
    Layer.provideMerge(KillSwitches.layerMemory),
    Layer.provideMerge(TestDatabase.layer),
    Layer.provide([AppSecret.layerMemory, NodeCrypto.layer])
  )
