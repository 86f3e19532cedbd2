/**
 * Orders that are taken while the database is down: kept in the spool, quoted, and placed when it is back.
 *
 * `place` places the order directly if it can. It keeps it when the database is down, when it is not known whether the
 * order was committed, and when whoever asks could only be taken at their word. What keeps it from being kept, the
 * caller is told as what it is: the database is away.
 * `apply` decides about a kept one, all of it again: the key, the time, the session, the switch, the price.
 */
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import type { DatabaseUnavailable } from "../../database/errors.ts"
import { makeCustody } from "../../jobs/spool/custody.ts"
import type { Apply, Kept } from "../../jobs/spool/Deferred.ts"
import { DeferredExpired } from "../../jobs/spool/errors.ts"
import { KillSwitches, whenEnabled } from "../../resilience/index.ts"
import { deferredIds } from "../../users/deferredIds.ts"
import { type Principal, Sessions } from "../../users/Sessions.ts"
import { SessionId, UserId } from "../../users/User.ts"
import { IdempotencyKeyReused } from "../errors.ts"
import { Cart } from "../Order.ts"
import { orderKeys } from "../orderKeys.ts"
import { checkout, Orders, type Placed, type PlacingFailures } from "../Orders.ts"
import { ofDeferring, OfDeferring } from "../refusals.ts"
import { makeQuote } from "./quote.ts"

/** While checkout is switched off, what was taken before waits. */
const lookAgainMillis = 30_000

const Payload = Schema.Struct({
  sessionId: SessionId,
  cart: Cart,
  quotedTotalCents: Schema.Int
})
const encodePayload = Schema.encodeSync(Payload)
const decodePayload = Schema.decodeUnknownEffect(Payload)

const isRefusal = Schema.is(OfDeferring)

export class DeferredOrders extends Context.Service<
  DeferredOrders,
  {
    readonly place: (principal: Principal, key: string, cart: Cart) => Effect.Effect<Placed | Kept, PlacingFailures>
    readonly apply: Apply
  }
>()("holdfast/orders/DeferredOrders") {
  static readonly layer = Layer.effect(
    DeferredOrders,
    Effect.gen(function* () {
      const orders = yield* Orders
      const sessions = yield* Sessions
      const switches = yield* KillSwitches
      const quote = yield* makeQuote
      const keys = yield* orderKeys
      const ids = yield* deferredIds
      const keepInSpool = yield* makeCustody

      /** In the spool, or the failure that made it necessary. */
      const keep = Effect.fnUntraced(function* (
        { sessionId, userId }: Principal,
        key: string,
        cart: Cart,
        because: DatabaseUnavailable
      ) {
        yield* Effect.provideService(whenEnabled(checkout), KillSwitches, switches)
        const price = Option.getOrUndefined(yield* quote(cart))
        if (price === undefined) return yield* because
        const { currency, totalCents } = price
        const fingerprints = keys.ofCart(cart)
        const wish = {
          ...ids.of(userId, key, fingerprints),
          kind: "order",
          account: userId,
          key,
          fingerprint: Buffer.from(fingerprints.fingerprint).toString("hex"),
          payload: encodePayload({ sessionId, cart, quotedTotalCents: totalCents }),
          quotedTotal: { amount: totalCents, currency }
        } as const
        return yield* keepInSpool(wish, because, () => new IdempotencyKeyReused())
      })

      const place = Effect.fn("DeferredOrders.place")(function* (principal: Principal, key: string, cart: Cart) {
        if (principal.trust.by === "token") return yield* keep(principal, key, cart, principal.trust.because)
        return yield* Effect.catchTag(orders.place(principal.userId, key, cart), "DatabaseUnavailable", (error) =>
          error.down ? keep(principal, key, cart, error) : Effect.fail(error)
        )
      })

      const apply: Apply = Effect.fn("DeferredOrders.apply")(function* (entry) {
        // What does not read any more was written by another version: a bug, for an operator to see.
        const { cart, quotedTotalCents, sessionId } = yield* Effect.orDie(decodePayload(entry.payload))
        const deferred = { userId: UserId.make(entry.account), key: entry.key, cart, quotedTotalCents }
        const stillMay = Effect.gen(function* () {
          if (DateTime.isGreaterThan(yield* DateTime.now, entry.acceptUntil)) return yield* new DeferredExpired()
          yield* sessions.stood(sessionId, entry.acceptedAt)
        })
        return yield* orders.placeDeferred(deferred, stillMay).pipe(
          Effect.map(({ orderId }) => ({ _tag: "Applied", resource: `/v1/orders/${orderId}` }) as const),
          Effect.catchTag(["FeatureDisabled", "IdempotencyInFlight"], () =>
            Effect.succeed({ _tag: "Later", delayMillis: lookAgainMillis } as const)
          ),
          Effect.catchIf(isRefusal, (refusal) =>
            Effect.succeed({ _tag: "Failed", problem: ofDeferring.store(refusal) } as const)
          )
        )
      })

      return DeferredOrders.of({ place, apply })
    })
  )
}
