/** The real shop while its email provider is away: nobody notices, and the mails come when it is back. */
import { expect, layer } from "@effect/vitest"
import { Effect, Logger, Redacted, Schedule } from "effect"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { asProviders } from "../sandbox/asProviders.ts"
import { sandboxForTests } from "../sandbox/sandboxForTests.ts"
import { customer, fault, placeOrder, request } from "./client.ts"
import { startShop } from "./process.ts"

interface Checks {
  readonly checks: Readonly<Record<string, { readonly status: string }>>
}
interface Inbox {
  readonly data: ReadonlyArray<{ readonly key: string; readonly text: string }>
}

const often = Schedule.spaced("200 millis").pipe(Schedule.upTo({ duration: "30 seconds" }))

layer(sandboxForTests, { excludeTestServices: true })("a shop whose email provider is away", (it) => {
  it.effect(
    "takes accounts and orders as ever, warns, and sends each mail once when the provider is back",
    () =>
      Effect.gen(function* () {
        const { baseUrl } = yield* Sandbox
        const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
        const DATA_DIR = yield* temporaryFolder
        const shop = yield* startShop({ env: { DATABASE_URL, DATA_DIR, ...asProviders(baseUrl) } })
        const { url } = yield* shop.ready
        yield* fault(baseUrl, { mode: "status_after", path: "/resend/" })
        const who = yield* customer(url)
        const order = yield* placeOrder(url, who, { key: "while-mails-are-away" })
        expect(order?.status).toBe(201)
        const orderId = order?.body.id ?? ""

        const health = yield* request<Checks>(`${url}/health`).pipe(
          Effect.repeat({ until: (answer) => answer?.body.checks["email"]?.status === "warn", schedule: often })
        )
        expect(health?.status).toBe(200)

        yield* fault(baseUrl, { mode: "none" })
        const mails = yield* request<Inbox>(`${baseUrl}/_sandbox/inbox`).pipe(
          Effect.repeat({
            until: (answer) => (answer?.body.data.length ?? 0) >= 2,
            schedule: often
          })
        )
        expect(mails?.body.data.map(({ key }) => key).toSorted()).toEqual([
          `order-confirmed/${orderId}`,
          `welcome/${who.userId}`
        ])
        const waited = (yield* shop.lines).filter(({ message }) => message === "mail waits")
        expect(waited.length).toBeGreaterThan(0)
        expect(JSON.stringify(waited)).not.toMatch(/@|Grace Hopper/)
      }).pipe(Effect.provide(Logger.layer([]))),
    60_000
  )
})
