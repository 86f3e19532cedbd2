/** The real shop and its payment provider: what the provider tells unasked, doubled and in the wrong order. */
import { expect, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { sandboxSecretKey } from "../../src/sandbox/credentials.ts"
import { eventually } from "../eventually.ts"
import { customer, ledger, placeOrder, readOrder, request } from "./client.ts"
import { type Ready, startShop } from "./process.ts"

class Running extends Context.Service<Running, Ready>()("holdfast/test/main/RunningForWebhooks") {
  static readonly layer = Layer.effect(
    Running,
    Effect.gen(function* () {
      const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("empty"))
      const shop = yield* startShop({ env: { DATABASE_URL, DATA_DIR: yield* temporaryFolder } })
      return yield* shop.ready
    })
  )
}

interface Delivery {
  readonly payment_intent: string
  readonly type: string
  readonly status: number | null
}
const controls = "/_sandbox/webhooks"
const deliveries = Effect.flatMap(Running, ({ sandboxUrl }) =>
  Effect.map(
    request<{ readonly data: ReadonlyArray<Delivery> }>(`${sandboxUrl}${controls}`),
    (answer) => answer?.body.data ?? []
  )
)
const behave = (behaviour: object) =>
  Effect.flatMap(Running, ({ sandboxUrl }) =>
    request(`${sandboxUrl}${controls}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(behaviour)
    })
  )

layer(Running.layer, { excludeTestServices: true, timeout: "60 seconds" })("a running shop", (it) => {
  it.effect("acknowledges every event of a payment, and charges once whatever their number and order", () =>
    Effect.gen(function* () {
      const { sandboxUrl, url } = yield* Running
      yield* behave({ duplicates: 2, hold: true })
      const who = yield* customer(url)
      const placed = yield* placeOrder(url, who, { key: "told-thrice" })
      const id = placed?.body.id ?? ""
      yield* behave({ hold: false, reversed: true })
      const all = yield* eventually(
        deliveries,
        (sent) => sent.length >= 9 && sent.every(({ status }) => status === 200)
      )
      expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 9 }, () => 200))
      yield* eventually(readOrder(url, who, id), ({ status }) => status === "captured")
      expect(yield* ledger(sandboxUrl, id)).toEqual(["authorized", "captured"])
      yield* behave({ duplicates: 0, reversed: false })
    })
  )

  it.effect("goes on with an order when its customer has approved at the bank", () =>
    Effect.gen(function* () {
      const { sandboxUrl, url } = yield* Running
      const who = yield* customer(url)
      const paymentMethod = "pm_card_authenticationRequired"
      const placed = yield* placeOrder(url, who, { key: "asked-first", paymentMethod, wait: 0 })
      const id = placed?.body.id ?? ""
      const read = readOrder(url, who, id)
      yield* eventually(read, ({ status }) => status === "requires_action")
      const asking = yield* eventually(deliveries, (sent) =>
        sent.some(({ type }) => type === "payment_intent.requires_action")
      )
      const payment = asking.find(({ type }) => type === "payment_intent.requires_action")?.payment_intent
      yield* Effect.promise(() =>
        fetch(`${sandboxUrl}/_sandbox/authenticate/${payment}`, {
          method: "POST",
          body: new URLSearchParams({ outcome: "approve" }),
          redirect: "manual",
          headers: { authorization: `Bearer ${sandboxSecretKey}` }
        })
      )
      yield* eventually(read, ({ status }) => status === "captured")
      expect(yield* ledger(sandboxUrl, id)).toEqual(["authorized", "captured"])
    })
  )
})
