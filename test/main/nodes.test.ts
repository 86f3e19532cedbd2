/** Two nodes on one database and one payment provider: they agree without talking to each other. */
import { expect, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { products } from "../../src/sandbox/catalogue.ts"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { SandboxControls, sandboxForTests } from "../sandbox/sandboxForTests.ts"
import { customer, placeOrder, request, untilAllCaptured } from "./client.ts"
import { startShop } from "./process.ts"

interface Product {
  readonly id: string
  readonly sku: string
}

layer(sandboxForTests, { excludeTestServices: true })("two nodes that start together on an empty database", (it) => {
  it.effect(
    "migrate it once, stock the shelves once, and make one order and one charge of twenty identical requests",
    () =>
      Effect.gen(function* () {
        const provider = yield* Sandbox
        const env = {
          DATABASE_URL: Redacted.value(yield* TestDatabaseUrl.make("empty")),
          APP_SECRET: "shared by both nodes, and longer than 32 bytes",
          STRIPE_API_BASE: provider.baseUrl,
          STRIPE_SECRET_KEY: Redacted.value(provider.secretKey),
          STRIPE_WEBHOOK_SECRET: Redacted.value(provider.webhookSecret)
        }
        const nodes = yield* Effect.forEach([1, 2], () =>
          Effect.flatMap(temporaryFolder, (DATA_DIR) => startShop({ env: { ...env, DATA_DIR } }))
        )
        const [left, right] = yield* Effect.forEach(nodes, (node) => node.ready, { concurrency: 2 })
        const urls = [left?.url ?? "", right?.url ?? ""]
        const lines = (yield* Effect.forEach(nodes, (node) => node.lines)).flat()
        expect(lines.filter((line) => line.message.startsWith("migrating"))).toHaveLength(1)
        const catalogue = yield* request<{ readonly data: ReadonlyArray<Product> }>(`${urls[0]}/v1/products?limit=100`)
        expect(catalogue?.body.data.map((product) => product.sku).toSorted()).toEqual(
          products.map((product) => product.sku).toSorted()
        )

        const who = yield* customer(urls[0] ?? "")
        const answers = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, index) => urls[index % 2] ?? ""),
          (url) => placeOrder(url, who, { key: "the-same-order" }),
          { concurrency: 20 }
        )
        expect(answers.map((answer) => answer?.status)).toEqual(answers.map(() => 201))
        expect(answers.filter((answer) => answer?.headers.get("idempotent-replayed") !== "true")).toHaveLength(1)
        const [id = "", ...others] = new Set(answers.map((answer) => answer?.body.id))
        expect(others).toEqual([])
        expect(yield* untilAllCaptured(urls[1] ?? "", who)).toMatchObject([{ id, status: "captured" }])
        const ledger = yield* (yield* SandboxControls).ledger(id)
        expect(ledger.map((entry) => entry.type)).toEqual(["authorized", "captured"])

        const kettle = catalogue?.body.data.find((product) => product.sku === "KITCHEN-KETTLE-12")
        const received = products.find((product) => product.sku === "KITCHEN-KETTLE-12")?.received ?? 0
        expect(yield* request(`${urls[1]}/v1/products/${kettle?.id}/stock`)).toMatchObject({
          body: { available: received - 1 }
        })
      }),
    60_000
  )
})
