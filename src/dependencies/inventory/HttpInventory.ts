/**
 * Inventory over HTTP, by the contract of docs/inventory.md.
 *
 * Every call goes through the kit. Goods are moved under the order's id, which is the key: a repeat finds what the first
 * one did. A level that cannot be asked is the last one that was heard; its age is in `asOf`.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Context, DateTime, Effect, Layer } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { sendTo } from "../outgoing.ts"
import { Dependency, persisted, TransientFailure, WriteKey } from "../../resilience/index.ts"
import { InventoryRefused, ReservationEnded, ReservationLost, SkuNotStocked, StockShort } from "./errors.ts"
import { exchange, type Refused } from "./exchange.ts"
import { Inventory, type Reservation, type StockLine } from "./Inventory.ts"
import { fallbackAvailable, inventoryPolicy } from "./policy.ts"
import { LevelBody, ReservationBody } from "./wire.ts"

/** Where the stock keeper is. */
export class InventoryUrl extends Context.Service<InventoryUrl, string>()(
  "holdfast/dependencies/inventory/InventoryUrl"
) {}

type Verb = "reserve" | "hold" | "commit" | "release" | "restock"

/** As many connections as calls in flight, so that none waits for another's. */
const connections = NodeHttpClient.layerUndiciOptions({
  connections: inventoryPolicy.concurrency,
  connect: { timeout: 500 }
})

const endedOf = (orderId: string, { body }: Refused) =>
  body.code === "ended" ? new ReservationEnded({ orderId, outcome: body.state }) : refusedAs(orderId, body.code)
const refusedAs = (orderId: string, code: string) => new InventoryRefused({ orderId, code })

const layerHttp = Layer.effect(
  Inventory,
  Effect.gen(function* () {
    const send = sendTo("inventory", yield* HttpClient.HttpClient)
    const base = (yield* InventoryUrl).replace(/\/+$/, "")
    const dependency = yield* Dependency.make("inventory", inventoryPolicy)

    /** One move of an order's goods. Its answer is about this order, or it is not believed. */
    const move = (orderId: string, verb: Verb, lines?: ReadonlyArray<StockLine>) => {
      const reservation = `${base}/reservations/${encodeURIComponent(orderId)}`
      const attempt = Effect.gen(function* () {
        const headers = { "idempotency-key": yield* WriteKey }
        const request =
          lines === undefined
            ? HttpClientRequest.post(`${reservation}/${verb}`, { headers })
            : HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.put(reservation, { headers }), { lines })
        const body = yield* exchange(send, request, ReservationBody)
        if (body.order_id !== orderId) return yield* refusedAs(orderId, "other_order")
        return { orderId, state: body.state, expiresAt: body.expires_at ?? undefined } satisfies Reservation
      })
      return dependency.call(attempt, { kind: "write", idempotencyKey: persisted(`${orderId}:${verb}`) })
    }

    const forward = (verb: "hold" | "commit" | "restock") => (orderId: string) =>
      Effect.catchTag(move(orderId, verb), "Refused", (refused) =>
        Effect.fail(refused.body.code === "lost" ? new ReservationLost({ orderId }) : endedOf(orderId, refused))
      )

    const level: Inventory["Service"]["level"] = Effect.fn("Inventory.level")(function* (sku) {
      const request = HttpClientRequest.get(`${base}/stock/${encodeURIComponent(sku)}`)
      const read = Effect.gen(function* () {
        const body = yield* exchange(send, request, LevelBody)
        return { sku, available: body.available, asOf: yield* DateTime.now }
      }).pipe(
        // Another refusal of a question says nothing about the goods.
        Effect.catchTag("Refused", ({ body: { code } }) =>
          Effect.fail(
            code === "unknown_sku" ? new SkuNotStocked({ sku }) : new TransientFailure({ reason: code, sent: "no" })
          )
        )
      )
      const served = yield* dependency.call(read, { kind: "read", staleKey: sku, fallback: () => fallbackAvailable })
      switch (served._tag) {
        case "Fresh":
          return { ...served.value, source: "live" }
        case "Stale":
          return { ...served.value, source: "cache" }
        case "Fallback":
          return { sku, available: served.value, source: "default", asOf: yield* DateTime.now }
      }
    })

    return Inventory.of({
      level,
      reserve: Effect.fn("Inventory.reserve")((orderId, lines) =>
        Effect.catchTag(move(orderId, "reserve", lines), "Refused", (refused) =>
          Effect.fail(
            refused.body.code === "insufficient_stock"
              ? new StockShort({ orderId, shortages: refused.body.shortages })
              : endedOf(orderId, refused)
          )
        )
      ),
      hold: Effect.fn("Inventory.hold")(forward("hold")),
      commit: Effect.fn("Inventory.commit")(forward("commit")),
      release: Effect.fn("Inventory.release")((orderId) =>
        Effect.catchTag(move(orderId, "release"), "Refused", (refused) => Effect.fail(endedOf(orderId, refused)))
      ),
      restock: Effect.fn("Inventory.restock")(forward("restock"))
    })
  })
)

export const HttpInventory = {
  /** Over a client of the caller's. */
  layerHttp,
  /** Over connections of its own. */
  layer: Layer.provide(layerHttp, connections)
}
