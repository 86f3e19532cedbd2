/**
 * What an idempotency key stands for: the id of its order, and the fingerprint of what was asked.
 *
 * Both are keyed hashes. One account, route and key give one id on every node, without anybody asking anybody; and a
 * fingerprint tells nothing about the body that it was made from. The id is part of what is stored under the key, so a
 * key that was used under an earlier secret goes on standing for its order.
 */
import { createHmac, createSecretKey } from "node:crypto"
import { Effect } from "effect"
import { AppSecret, deriveKey } from "../users/AppSecret.ts"
import { type Fingerprints, makeFingerprints } from "../users/fingerprints.ts"
import type { UserId } from "../users/User.ts"
import { type Cart, OrderId } from "./Order.ts"

export interface OrderKeys {
  readonly orderId: (account: UserId, route: string, key: string) => OrderId
  readonly ofCart: (cart: Cart) => Fingerprints
  /** Of a wish about an order that exists: which order, and how much. */
  readonly ofWish: (wish: ReadonlyArray<string | number | null>) => Fingerprints
}

/** 128 bits are enough for an id that nobody can choose. */
const idBytes = 16

export const orderKeys = Effect.gen(function* () {
  const secret = yield* AppSecret
  const idKey = createSecretKey(yield* deriveKey(secret.current, "order-id"))
  const fingerprints = yield* makeFingerprints("order-fingerprint")
  return {
    orderId: (account, route, key) =>
      OrderId.make(
        `ord_${createHmac("sha256", idKey)
          .update(JSON.stringify([account, route, key]))
          .digest()
          .subarray(0, idBytes)
          .toString("hex")}`
      ),
    ofCart: (cart) =>
      fingerprints([
        cart.lines.map((line) => [line.sku, line.quantity]),
        cart.paymentMethod,
        cart.discountCode ?? null,
        cart.clientReference ?? null,
        cart.expectedTotal ?? null
      ]),
    ofWish: fingerprints
  } satisfies OrderKeys
})
