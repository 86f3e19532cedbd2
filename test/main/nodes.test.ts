/** Two nodes on one database and one payment provider: they agree without talking to each other. */
import { assert, expect, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { products } from "../../src/sandbox/catalogue.ts"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { asAdmin, TestDatabaseUrl } from "../database/testDatabase.ts"
import { SandboxControls, sandboxForTests } from "../sandbox/sandboxForTests.ts"
import { eventually } from "../eventually.ts"
import { customer, listOrders, placeOrder, request, untilAllCaptured } from "./client.ts"
import { type Line, startShop } from "./process.ts"
import { asProviders } from "../sandbox/asProviders.ts"

interface Product {
  readonly id: string
  readonly sku: string
}

/** Both started at once, on a database without a table. */
class TwoNodes extends Context.Service<
  TwoNodes,
  {
    readonly urls: readonly [string, string]
    readonly databaseUrl: string
    /** Of both. */
    readonly lines: Effect.Effect<ReadonlyArray<Line>>
  }
>()("test/main/TwoNodes") {
  static readonly layer = Layer.effect(
    TwoNodes,
    Effect.gen(function* () {
      const provider = yield* Sandbox
      const databaseUrl = Redacted.value(yield* TestDatabaseUrl.make("empty"))
      const env = {
        DATABASE_URL: databaseUrl,
        APP_SECRET: "shared by both nodes, and longer than 32 bytes",
        ...asProviders(provider.baseUrl),
        RATE_LIMITS: "off"
      }
      const nodes = yield* Effect.forEach([1, 2], () =>
        Effect.flatMap(temporaryFolder, (DATA_DIR) => startShop({ env: { ...env, DATA_DIR } }))
      )
      const [left, right] = yield* Effect.forEach(nodes, (node) => node.ready, { concurrency: 2 })
      return TwoNodes.of({
        urls: [left?.url ?? "", right?.url ?? ""],
        databaseUrl,
        lines: Effect.map(
          Effect.forEach(nodes, (node) => node.lines),
          (both) => both.flat()
        )
      })
    })
  )
}

/** A busy node may send somebody away; who is told to come back with the same key does. */
const placed = (...order: Parameters<typeof placeOrder>) =>
  placeOrder(...order).pipe(
    Effect.filterOrFail(
      (answer) => answer?.status === 201 || answer?.status === 202,
      (answer) => `in the end: ${answer?.status} ${answer?.body.code}`
    ),
    Effect.retry(Schedule.spaced("250 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 60 })))
  )

const stockOf = (url: string, sku: string) =>
  Effect.gen(function* () {
    const catalogue = yield* request<{ readonly data: ReadonlyArray<Product> }>(`${url}/v1/products?limit=100`)
    const product = catalogue?.body.data.find((one) => one.sku === sku)
    const stock = yield* request<{ readonly available: number }>(`${url}/v1/products/${product?.id}/stock`)
    return stock?.body.available
  })

layer(Layer.provideMerge(TwoNodes.layer, sandboxForTests), { excludeTestServices: true, timeout: 60_000 })(
  "two nodes that start together on an empty database",
  (it) => {
    it.effect("migrate it once and stock the shelves once", () =>
      Effect.gen(function* () {
        const nodes = yield* TwoNodes
        expect((yield* nodes.lines).filter((line) => line.message.startsWith("migrating"))).toHaveLength(1)
        const [url] = nodes.urls
        const catalogue = yield* request<{ readonly data: ReadonlyArray<Product> }>(`${url}/v1/products?limit=100`)
        expect(catalogue?.body.data.map((product) => product.sku).toSorted()).toEqual(
          products.map((product) => product.sku).toSorted()
        )
      })
    )

    it.effect(
      "make one order and one charge of fifty identical requests, and fifty answers that agree",
      () =>
        Effect.gen(function* () {
          const { urls } = yield* TwoNodes
          const who = yield* customer(urls[0])
          const answers = yield* Effect.forEach(
            Array.from({ length: 50 }, (_, index) => urls[index % 2] ?? ""),
            (url) => placed(url, who, { key: "the-same-order", wait: 10 }),
            { concurrency: "unbounded" }
          )
          expect(answers.map((answer) => answer?.status)).toEqual(answers.map(() => 201))
          expect(answers.filter((answer) => answer?.headers.get("idempotent-replayed") !== "true")).toHaveLength(1)
          const said = answers.map((answer) => {
            const { id, lines, total } = answer?.body ?? {}
            return JSON.stringify({ id, lines, total })
          })
          expect(new Set(said).size).toBe(1)
          const id = answers[0]?.body.id ?? ""
          expect(yield* untilAllCaptured(urls[1], who)).toMatchObject([{ id, status: "captured" }])
          const ledger = yield* (yield* SandboxControls).ledger(id)
          expect(ledger.map((entry) => entry.type)).toEqual(["authorized", "captured"])
          const received = products.find((product) => product.sku === "KITCHEN-KETTLE-12")?.received ?? 0
          expect(yield* stockOf(urls[1], "KITCHEN-KETTLE-12")).toBe(received - 1)
        }),
      60_000
    )

    it.effect(
      "sell a hundred units to a thousand buyers: a hundred are confirmed, and nobody else is charged",
      () =>
        Effect.gen(function* () {
          const { databaseUrl, urls } = yield* TwoNodes
          const sku = "DESK-INK-BLUE"
          yield* asAdmin(databaseUrl, `update stock set on_hand = 100, received = 100 where sku = '${sku}'`)
          // A hundred orders each: a thousand sign-ups would mostly try how long a password takes to hash.
          const accounts = yield* Effect.replicateEffect(customer(urls[0]), 10, { concurrency: 2 })
          const buyers = Array.from({ length: 100 }, (_, n) => accounts.map((who) => ({ who, n }))).flat()
          const answers = yield* Effect.forEach(
            buyers,
            ({ n, who }, index) => placed(urls[index % 2] ?? "", who, { key: `one-of-many-${n}`, sku, wait: 0 }),
            { concurrency: 40 }
          )
          expect(new Set(answers.map((answer) => answer?.body.id)).size).toBe(1_000)

          const open = asAdmin(databaseUrl, `select 1 from orders where status not in ('captured', 'failed') limit 1`)
          yield* eventually(open, (rows) => rows.length === 0, { every: "500 millis", within: "75 seconds" })
          const ended = (yield* Effect.forEach(accounts, (who) => listOrders(urls[0], who))).flat()
          const sold = ended.filter(({ status }) => status === "captured").map(({ id }) => id)
          assert.strictEqual(ended.length, 1_000)
          assert.strictEqual(sold.length, 100)
          const others = ended.filter(({ status }) => status !== "captured")
          expect(new Set(others.map(({ failure, status }) => `${status} ${failure?.code}`))).toEqual(
            new Set(["failed insufficient_stock"])
          )
          const provider = yield* SandboxControls
          const ids = new Set(ended.map(({ id }) => id))
          const moved = (yield* provider.wholeLedger).filter(({ order_id }) => ids.has(order_id ?? ""))
          const captured = moved.filter(({ type }) => type === "captured").map(({ order_id }) => order_id ?? "")
          expect(captured.toSorted()).toEqual(sold.toSorted())
          expect(moved).toHaveLength(200)
          expect(yield* stockOf(urls[1], sku)).toBe(0)
        }),
      120_000
    )
  }
)
