/**
 * The worker of orders on this node: their sagas, and what looks after them from outside.
 *
 * Each order at work waits for the provider most of its time, and holds a connection only for its steps.
 */
import { Effect, Layer, Option } from "effect"
import { Crowd } from "../jobs/Crowd.ts"
import { runWorker } from "../jobs/Worker.ts"
import { LedgerSweep, sweepLedger } from "./LedgerSweep.ts"
import { runOrder } from "./OrderSaga.ts"
import { orderQueue } from "./OrderStore.ts"
import { sweepOrders } from "./OrderSweep.ts"

/** Somewhat more than the pool has connections: most of them wait for the provider at any moment. */
const ordersAtOnce = 16

/**
 * While requests wait, at the door or for the event loop: enough that orders still end, few enough that most of the machine
 * answers requests. When a provider is back, all orders that waited for it are due at once.
 */
const ordersWhileRequestsWait = 3

export const orderWorker = Layer.effectDiscard(
  Effect.gen(function* () {
    const handle = yield* runOrder
    const crowd = yield* Effect.serviceOption(Crowd)
    const givingWay = {
      when: () => Option.isSome(crowd) && crowd.value.requestsWait(),
      concurrency: ordersWhileRequestsWait
    }
    yield* Effect.forkScoped(runWorker({ queue: orderQueue, concurrency: ordersAtOnce, givingWay, handle }))
    yield* Effect.forkScoped(sweepOrders)
    yield* Effect.forkScoped(sweepLedger)
  })
).pipe(Layer.provide(LedgerSweep.layer))
