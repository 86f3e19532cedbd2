/** The orders' contract on real PostgreSQL; payments are in memory, so that their ledger can be read. */
import { NodeCrypto } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { TermsOfSale } from "../../src/catalog/TermsOfSale.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { runWorker } from "../../src/jobs/Worker.ts"
import { OrderChanges } from "../../src/orders/OrderChanges.ts"
import { Orders } from "../../src/orders/Orders.ts"
import { runOrder } from "../../src/orders/OrderSaga.ts"
import { orderQueue } from "../../src/orders/OrderStore.ts"
import * as OrderStorePostgres from "../../src/orders/OrderStorePostgres.ts"
import { Outcomes } from "../../src/orders/Outcomes.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { Users } from "../../src/users/Users.ts"
import { TestDatabase } from "../database/testDatabase.ts"
import { ordersContract } from "./contract.ts"

const worker = Layer.effectDiscard(
  Effect.flatMap(runOrder, (handle) => Effect.forkScoped(runWorker({ queue: orderQueue, concurrency: 4, handle })))
)

ordersContract(
  "in PostgreSQL",
  worker.pipe(
    Layer.provideMerge(
      Orders.layer.pipe(
        Layer.provideMerge(OrderStorePostgres.layer),
        Layer.provide(Outcomes.layer),
        Layer.provide(OrderChanges.layer)
      )
    ),
    Layer.provideMerge(
      Layer.mergeAll(
        Users.layer.pipe(Layer.provide(Passwords.layerMemory)),
        Catalog.layer,
        TermsOfSale.layer,
        Jobs.layer
      )
    ),
    Layer.provideMerge(PaymentsMemory.layer),
    Layer.provide([AppSecret.layerMemory, NodeCrypto.layer, TestDatabase.layer])
  )
)
