/** The real shop while what no order waits for is away: nobody notices, and what can be made up for is, when it is back. */
import { expect, layer } from "@effect/vitest"
import { Effect, Logger, Redacted } from "effect"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { asProviders } from "../sandbox/asProviders.ts"
import { sandboxForTests } from "../sandbox/sandboxForTests.ts"
import { eventually } from "../eventually.ts"
import { customer, fault, placeOrder, request } from "./client.ts"
import { startShop } from "./process.ts"

interface Checks {
  readonly checks: Readonly<Record<string, { readonly status: string }>>
}
interface Products {
  readonly data: ReadonlyArray<{ readonly id: string }>
  readonly degraded?: unknown
}
interface Inbox {
  readonly data: ReadonlyArray<{ readonly key: string; readonly text: string }>
}

const patience = { every: "200 millis", within: "30 seconds" } as const

layer(sandboxForTests, { excludeTestServices: true })(
  "a shop whose email provider, recommender and counter are away",
  (it) => {
    it.effect(
      "takes accounts and orders as ever, suggests what it knows, warns, and sends each mail once when the provider is back",
      () =>
        Effect.gen(function* () {
          const { baseUrl } = yield* Sandbox
          const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
          const DATA_DIR = yield* temporaryFolder
          const shop = yield* startShop({ env: { DATABASE_URL, DATA_DIR, ...asProviders(baseUrl) } })
          const { url } = yield* shop.ready
          const [first, second] = (yield* request<Products>(`${url}/v1/products?limit=2`))?.body.data ?? []
          const suggestions = (product: { readonly id: string } | undefined) =>
            request<Products>(`${url}/v1/products/${product?.id}/recommendations`)
          // The first try is made over a cold connection, and the catalogue is read a moment after the start.
          const live = yield* eventually(
            suggestions(first),
            (answer) => (answer?.body.data.length ?? 0) > 0 && answer?.body.degraded === undefined,
            patience
          )
          expect(live?.body.data.length).toBe(8)

          yield* fault(baseUrl, { mode: "status_after", path: "/resend/" })
          yield* fault(baseUrl, { mode: "status", path: "/recommendations/" })
          yield* fault(baseUrl, { mode: "status_after", path: "/analytics/" })
          const known = yield* suggestions(first)
          expect([known?.status, known?.body.data]).toEqual([200, live?.body.data])
          expect(known?.body.degraded).toMatchObject([{ feature: "recommendations", mode: "last_good" }])
          expect(known?.headers.get("cache-status")).toContain("holdfast; hit; ttl=-")
          const none = yield* suggestions(second)
          expect([none?.status, none?.body.data]).toEqual([200, []])
          expect(none?.body.degraded).toMatchObject([{ feature: "recommendations", mode: "default" }])
          const who = yield* customer(url)
          const order = yield* placeOrder(url, who, { key: "while-mails-are-away" })
          expect(order?.status).toBe(201)
          const orderId = order?.body.id ?? ""

          const health = yield* eventually(
            request<Checks>(`${url}/health`),
            (answer) => answer?.body.checks["email"]?.status === "warn",
            patience
          )
          expect(health?.status).toBe(200)

          yield* fault(baseUrl, { mode: "none" })
          const mails = yield* eventually(
            request<Inbox>(`${baseUrl}/_sandbox/inbox`),
            (answer) => (answer?.body.data.length ?? 0) >= 2,
            patience
          )
          expect(mails?.body.data.map(({ key }) => key).toSorted()).toEqual([
            `order-confirmed/${orderId}`,
            `welcome/${who.userId}`
          ])
          const counts = yield* eventually(
            request<{ readonly data: Readonly<Record<string, number>> }>(`${baseUrl}/_sandbox/analytics`),
            (answer) => answer?.body.data["order_captured"] !== undefined,
            patience
          )
          expect(counts?.body.data).toMatchObject({ user_signed_up: 1, order_placed: 1, order_confirmed: 1 })

          const waited = (yield* shop.lines).filter(({ message }) => message === "mail waits")
          expect(waited.length).toBeGreaterThan(0)
          expect(JSON.stringify(waited)).not.toMatch(/@|Grace Hopper/)
        }).pipe(Effect.provide(Logger.layer([]))),
      60_000
    )
  }
)
