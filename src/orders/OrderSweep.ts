/**
 * Finds orders that are not finished although nobody is at work on them, and gives each its job back.
 *
 * An order and its job are written in one transaction, so there are none, unless rows were lost or changed by hand. It
 * runs on every worker; two that find the same order enqueue the same job, which is one.
 */
import { Effect, Schedule } from "effect"
import { Jobs } from "../jobs/Jobs.ts"
import { orderQueue, OrderStore } from "./OrderStore.ts"

/** At once; the next round takes the rest. */
const mostStrays = 100

export const adoptStrays = Effect.gen(function* () {
  const [store, jobs] = [yield* OrderStore, yield* Jobs]
  const strays = yield* store.strays(mostStrays)
  yield* Effect.forEach(
    strays,
    (id) =>
      Effect.andThen(
        jobs.enqueue({ queue: orderQueue, key: id, payload: { order_id: id } }),
        jobs.wake(orderQueue, id)
      ),
    { discard: true }
  )
  if (strays.length > 0) yield* Effect.logError("orders without a job", { severity: "critical", orders: strays.length })
  return strays.length
})

/** Once a minute, until interrupted. */
export const sweepOrders = adoptStrays.pipe(
  Effect.catch((error) => Effect.logWarning("orders not swept", { code: error._tag })),
  Effect.repeat(Schedule.spaced("1 minute").pipe(Schedule.jittered))
)
