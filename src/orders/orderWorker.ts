/**
 * The worker of orders on this node: their sagas, and what looks after them from outside.
 *
 * Each order at work waits for the provider most of its time, and holds a connection only for its steps.
 */
import { Effect, Layer } from "effect"
import { runWorker } from "../jobs/Worker.ts"
import { LedgerSweep, sweepLedger } from "./LedgerSweep.ts"
import { runOrder } from "./OrderSaga.ts"
import { orderQueue } from "./OrderStore.ts"
import { sweepOrders } from "./OrderSweep.ts"

/** Somewhat more than the pool has connections: most of them wait for the provider at any moment. */
const ordersAtOnce = 16

export const orderWorker = Layer.effectDiscard(
  Effect.gen(function* () {
    const handle = yield* runOrder
    yield* Effect.forkScoped(runWorker({ queue: orderQueue, concurrency: ordersAtOnce, handle }))
    yield* Effect.forkScoped(sweepOrders)
    yield* Effect.forkScoped(sweepLedger)
  })
).pipe(Layer.provide(LedgerSweep.layer))
