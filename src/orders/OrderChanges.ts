/**
 * Says which order has changed, after the change is durable, to whoever waits for it on any node.
 *
 * An announcement may be lost (a connection broke between); who waits looks by itself once in a while as well.
 */
import { Context, Effect, Layer, PubSub, Stream } from "effect"
import { Database } from "../database/Database.ts"
import type { OrderId } from "./Order.ts"

const channel = "order_changed"

export class OrderChanges extends Context.Service<
  OrderChanges,
  {
    readonly announce: (id: OrderId) => Effect.Effect<void>
    /** The ids of orders that change from now on. */
    readonly announced: Stream.Stream<string>
  }
>()("holdfast/orders/OrderChanges") {
  static readonly layer = Layer.effect(
    OrderChanges,
    Effect.map(Database, (database) => ({
      announce: (id) =>
        database
          .query("orders.notify", (sql) => sql`select pg_notify(${channel}, ${id})`)
          .pipe(
            Effect.catch((error) =>
              Effect.logDebug("order change not announced", { module: "orders", code: error._tag })
            ),
            Effect.asVoid
          ),
      announced: database.listen(channel)
    }))
  )

  static readonly layerMemory = Layer.effect(
    OrderChanges,
    Effect.map(PubSub.unbounded<string>(), (changes) => ({
      announce: (id) => Effect.asVoid(PubSub.publish(changes, id)),
      announced: Stream.fromPubSub(changes)
    }))
  )
}
