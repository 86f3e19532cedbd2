/** The stock keeper's contract over HTTP, against the sandbox's own; and what becomes of a call that fails. */
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer, Logger } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import { HttpInventory, InventoryUrl } from "../../../src/dependencies/inventory/HttpInventory.ts"
import { Inventory } from "../../../src/dependencies/inventory/Inventory.ts"
import type { Fault } from "../../../src/sandbox/fault.ts"
import { server } from "../../../src/sandbox/server.ts"
import { Backstage, inventoryContract } from "./contract.ts"

const warehouse = Layer.unwrap(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "holdfast-inventory-" })
    return server({ dataDir, port: 0, secretKey: "sk_test_unused" })
  })
).pipe(Layer.provideMerge(NodeServices.layer))

const urlOf = Effect.map(
  HttpServer.HttpServer,
  ({ address }) => `http://127.0.0.1:${"port" in address ? address.port : 0}`
)

const json = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const answer = await fetch(url, init)
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`)
    return (await answer.json()) as { readonly data: never }
  })
const post = (url: string, body: object) =>
  Effect.asVoid(
    json(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })
  )

const backstage = Layer.effect(
  Backstage,
  Effect.map(urlOf, (url) => ({
    receive: (sku, received) => post(`${url}/_sandbox/inventory`, { sku, received }),
    order: () => Effect.void,
    expire: (orderId) => post(`${url}/_sandbox/inventory`, { expire: orderId }),
    shelf: (sku) => Effect.map(json(`${url}/_sandbox/inventory/${sku}`), ({ data }) => data)
  }))
)

const keeper = Layer.merge(
  backstage,
  HttpInventory.layer.pipe(
    Layer.provide(
      Layer.effect(
        InventoryUrl,
        Effect.map(urlOf, (url) => `${url}/inventory/`)
      )
    )
  )
).pipe(Layer.provideMerge(warehouse))

inventoryContract("over HTTP", keeper)

const faulty = (fault: Fault | { readonly mode: "none" }) =>
  Effect.flatMap(urlOf, (url) => post(`${url}/_sandbox/faults`, fault))
const healthy = faulty({ mode: "none" })

layer(Layer.merge(keeper, Logger.layer([])), { excludeTestServices: true })(
  "a stock keeper over HTTP that fails",
  (it) => {
    const cups = [{ sku: "CUP", quantity: 1 }]

    it.effect("leaves a doubt when its answer is lost, and a repeat finds what was done", () =>
      Effect.gen(function* () {
        const { receive, shelf } = yield* Backstage
        const inventory = yield* Inventory
        yield* receive("CUP", 5)
        yield* faulty({ mode: "reset_after", times: 2 })
        const doubt = yield* Effect.flip(inventory.reserve("ord_doubt", cups))
        assert.deepInclude(doubt, { _tag: "DependencyUnavailable", sent: "maybe" })
        assert.strictEqual((yield* inventory.reserve("ord_doubt", cups)).state, "leased")
        assert.strictEqual((yield* shelf("CUP")).reserved, 1)
      })
    )

    it.effect("is put right by the second try when it fails once", () =>
      Effect.gen(function* () {
        const inventory = yield* Inventory
        for (const mode of ["reset_before", "reset_after", "garbage", "empty", "html", "status_after"] as const) {
          yield* faulty({ mode, times: 1 })
          assert.strictEqual(
            (yield* inventory.reserve(`ord_${mode}`.replace("_", "-"), [{ sku: "HOME-CANDLE-3", quantity: 1 }])).state,
            "leased"
          )
          yield* healthy
        }
      })
    )

    it.effect("answers with the last level that it gave, and with a guess where it gave none", () =>
      Effect.gen(function* () {
        const inventory = yield* Inventory
        const live = yield* inventory.level("HOME-VASE-S")
        assert.deepInclude(live, { available: 110, source: "live" })
        yield* faulty({ mode: "status" })
        assert.deepStrictEqual(yield* inventory.level("HOME-VASE-S"), { ...live, source: "cache" })
        assert.deepInclude(yield* inventory.level("HOME-CLOCK-30"), { available: null, source: "default" })
        yield* healthy
      })
    )
  }
)

layer(Layer.merge(warehouse, Logger.layer([])), { excludeTestServices: true })(
  "the contract of docs/inventory.md",
  (it) => {
    const ask = (method: string, path: string, body?: object) =>
      Effect.flatMap(urlOf, (url) =>
        Effect.promise(async () => {
          const answer = await fetch(`${url}/inventory${path}`, {
            method,
            ...(body === undefined ? {} : { body: JSON.stringify(body) })
          })
          return [answer.status, (await answer.json()) as unknown] as const
        })
      )
    const line = { sku: "HOME-VASE-S", quantity: 1 }

    it.effect("has these answers", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* ask("GET", "/stock/HOME-VASE-S"), [200, { sku: "HOME-VASE-S", available: 110 }])
        assert.deepStrictEqual(yield* ask("GET", "/stock/NO"), [404, { code: "unknown_sku" }])
        const [status, leased] = yield* ask("PUT", "/reservations/ord_1", { lines: [line] })
        assert.strictEqual(status, 200)
        assert.match(JSON.stringify(leased), /^{"order_id":"ord_1","state":"leased","expires_at":"\d{4}-[^"]+Z"}$/)
        assert.deepStrictEqual(yield* ask("PUT", "/reservations/ord_1", { lines: [{ ...line, quantity: 2 }] }), [
          409,
          { code: "other_lines" }
        ])
        assert.deepStrictEqual(yield* ask("POST", "/reservations/ord_2/hold"), [409, { code: "lost" }])
        const released = { order_id: "ord_2", state: "released", expires_at: null }
        assert.deepStrictEqual(yield* ask("POST", "/reservations/ord_2/release"), [200, released])
        assert.deepStrictEqual(yield* ask("PUT", "/reservations/ord_2", { lines: [line] }), [
          409,
          { code: "ended", state: "released" }
        ])
        assert.deepStrictEqual(yield* ask("PUT", "/reservations/ord_3", { lines: [{ ...line, quantity: 999 }] }), [
          409,
          { code: "insufficient_stock", shortages: [{ sku: "HOME-VASE-S", requested: 999, available: 109 }] }
        ])
        for (const wrong of [{}, { lines: [] }, { lines: [line, line] }, { lines: [{ ...line, quantity: 0 }] }]) {
          assert.deepStrictEqual(yield* ask("PUT", "/reservations/ord_4", wrong), [400, { code: "invalid_request" }])
        }
      })
    )
  }
)
