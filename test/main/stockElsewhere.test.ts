/**
 * The real shop with its goods at a stock keeper elsewhere (`INVENTORY_URL=sandbox`): what orders do there, wait for
 * while it is away, and have not lost or done twice after kill -9.
 */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { eventually } from "../eventually.ts"
import { customer, fault, ledger, placeOrder, readOrder, request, untilAllCaptured } from "./client.ts"
import { type Environment, startShop } from "./process.ts"

const home = Effect.gen(function* () {
  const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
  return { DATABASE_URL, DATA_DIR: yield* temporaryFolder, INVENTORY_URL: "sandbox" }
})
const life = Effect.fnUntraced(function* (env: Environment) {
  const shop = yield* startShop({ env })
  return { ...shop, ...(yield* shop.ready) }
})

const [kettle, scale] = ["KITCHEN-KETTLE-12", "KITCHEN-SCALE-2"]
const once = ["authorized", "captured"]

interface Shelf {
  readonly reserved: number
  readonly committed: number
}
const shelf = (sandboxUrl: string, sku: string) =>
  Effect.map(
    request<{ readonly data: Shelf }>(`${sandboxUrl}/_sandbox/inventory/${sku}`),
    (answer) => answer?.body.data ?? { reserved: -1, committed: -1 }
  )
/** The stock keeper is told of a sale after the customer is. */
const untilSold = (sandboxUrl: string, sku: string, sold: Shelf) =>
  eventually(
    shelf(sandboxUrl, sku),
    ({ committed, reserved }) => committed === sold.committed && reserved === sold.reserved
  )

describe.concurrent("goods at a stock keeper elsewhere", () => {
  it.live(
    "are sold there; while it is away orders wait, unpaid, and finish when it is back",
    () =>
      Effect.gen(function* () {
        const { sandboxUrl, url } = yield* life(yield* home)
        const who = yield* customer(url)
        const before = yield* shelf(sandboxUrl, kettle)
        const first = yield* placeOrder(url, who, { key: "while-it-is-there" })
        expect(first?.status).toBe(201)
        expect(yield* ledger(sandboxUrl, first?.body.id ?? "")).toContain("authorized")
        const sold = { reserved: before.reserved, committed: before.committed + 1 }
        expect(yield* untilSold(sandboxUrl, kettle, sold)).toMatchObject(sold)

        yield* fault(sandboxUrl, { mode: "status", status: 503, path: "/inventory/reservations" })
        const waiting = yield* placeOrder(url, who, { key: "while-it-is-away", wait: 2 })
        const id = waiting?.body.id ?? ""
        expect(waiting).toMatchObject({ status: 202, body: { status: "pending" } })
        expect(yield* ledger(sandboxUrl, id)).toEqual([])
        yield* fault(sandboxUrl, { mode: "none" })
        yield* untilAllCaptured(url, who)
        expect(yield* ledger(sandboxUrl, id)).toEqual(once)
        const soldTwo = { ...sold, committed: sold.committed + 1 }
        expect(yield* untilSold(sandboxUrl, kettle, soldTwo)).toMatchObject(soldTwo)

        yield* request(`${sandboxUrl}/_sandbox/inventory`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ sku: scale, received: 0 })
        })
        expect(yield* placeOrder(url, who, { key: "of-what-is-gone", sku: scale })).toMatchObject({
          status: 409,
          body: { code: "insufficient_stock" }
        })
      }),
    60_000
  )

  it.live(
    "are neither lost nor sold twice when the shop is killed while a hold and a sale have no answer",
    () =>
      Effect.gen(function* () {
        const env = yield* home
        const first = yield* life(env)
        const who = yield* customer(first.url)
        const [kettles, scales] = yield* Effect.all([shelf(first.sandboxUrl, kettle), shelf(first.sandboxUrl, scale)])
        yield* fault(first.sandboxUrl, { mode: "hang_after", path: "/hold", times: 1, ms: 60_000 })
        const holding = yield* placeOrder(first.url, who, { key: "the-hold-hangs", wait: 0 })
        yield* eventually(shelf(first.sandboxUrl, kettle), ({ reserved }) => reserved > kettles.reserved)
        yield* fault(first.sandboxUrl, { mode: "hang_after", path: "/commit", times: 1, ms: 60_000 })
        const selling = yield* placeOrder(first.url, who, { key: "the-sale-hangs", wait: 0, sku: scale })
        yield* eventually(shelf(first.sandboxUrl, scale), ({ committed }) => committed > scales.committed)
        yield* first.signal("SIGKILL")
        yield* first.ended

        const second = yield* life(env)
        yield* untilAllCaptured(second.url, who)
        for (const placed of [holding, selling]) {
          const id = placed?.body.id ?? ""
          expect(yield* readOrder(second.url, who, id)).toMatchObject({ status: "captured" })
          expect(yield* ledger(second.sandboxUrl, id)).toEqual(once)
        }
        for (const [sku, { committed, reserved }] of [
          [kettle, kettles],
          [scale, scales]
        ] as const) {
          const sold = { reserved, committed: committed + 1 }
          expect(yield* untilSold(second.sandboxUrl, sku, sold)).toMatchObject(sold)
        }
      }),
    120_000
  )
})
