/** The fake provider's webhooks, on the wire: which events there are, that they are signed, and all that can go wrong. */
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Queue, Redacted } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { Stripe } from "stripe"
import { readEvent } from "../../src/orders/webhooks/PaymentEvent.ts"
import { sandboxWebhookSecret } from "../../src/sandbox/credentials.ts"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { server } from "../../src/sandbox/server.ts"

interface Received {
  readonly headers: http.IncomingHttpHeaders
  readonly text: string
}

/** A shop that takes whatever comes, and answers with these statuses, the last one for good. */
class Receiver extends Context.Service<
  Receiver,
  {
    readonly url: string
    readonly received: Queue.Queue<Received>
    readonly answerWith: (statuses: ReadonlyArray<number>) => Effect.Effect<void>
  }
>()("holdfast/test/Receiver") {
  static readonly layer = Layer.effect(
    Receiver,
    Effect.gen(function* () {
      const received = yield* Queue.unbounded<Received>()
      let statuses: ReadonlyArray<number> = [200]
      const shop = http.createServer((request, response) => {
        const parts: Array<Buffer> = []
        request.on("data", (part: Buffer) => parts.push(part))
        request.on("end", () => {
          Queue.offerUnsafe(received, { headers: request.headers, text: Buffer.concat(parts).toString() })
          response.writeHead(statuses[0] ?? 200).end()
          if (statuses.length > 1) statuses = statuses.slice(1)
        })
      })
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void shop.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => shop.close())
      )
      return Receiver.of({
        url: `http://127.0.0.1:${(shop.address() as AddressInfo).port}/hooks`,
        received,
        answerWith: (next) => Effect.sync(() => void (statuses = next))
      })
    })
  )
}

const secretKey = "sk_test_of_webhooks"
const temporaryFolder = Effect.flatMap(FileSystem.FileSystem, (fs) =>
  fs.makeTempDirectoryScoped({ prefix: "holdfast-sandbox-" })
)
const provider = Layer.unwrap(Effect.map(temporaryFolder, (dataDir) => server({ dataDir, port: 0, secretKey }))).pipe(
  Layer.provideMerge(Receiver.layer),
  Layer.provideMerge(NodeServices.layer)
)

const send = (path: string, init: RequestInit) =>
  Effect.flatMap(HttpServer.HttpServer, ({ address }) =>
    Effect.promise(async () => {
      const answer = await fetch(`http://127.0.0.1:${"port" in address ? address.port : 0}${path}`, init)
      return {
        status: answer.status,
        body: (await answer.json()) as { readonly id: string; readonly data: ReadonlyArray<Record<string, unknown>> }
      }
    })
  )
const pay = (path: string, form: Record<string, string> = {}) =>
  send(`/v1/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${secretKey}` },
    body: new URLSearchParams(form)
  })
const behave = (body: object) =>
  send("/_sandbox/webhooks", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })
const healthy = { duplicates: 0, delay_ms: 0, lose: 0, hold: false, reversed: false }
const open = Effect.flatMap(Receiver, ({ url }) => behave({ ...healthy, url }))

const stripe = new Stripe("sk_test_unused")
const next = Effect.flatMap(Receiver, ({ received }) =>
  Effect.map(Queue.take(received), ({ headers, text }) =>
    stripe.webhooks.constructEvent(text, String(headers["stripe-signature"]), sandboxWebhookSecret)
  )
)
const types = (count: number) =>
  Effect.map(Effect.all(Array.from({ length: count }, () => next)), (all) => all.map(({ type }) => type as string))

const intent = (more: Record<string, string> = {}) =>
  pay("payment_intents", {
    amount: "4200",
    currency: "eur",
    capture_method: "manual",
    payment_method: "pm_card_visa",
    "metadata[order_id]": "ord_1",
    ...more
  })

layer(provider, { excludeTestServices: true })("the sandbox's webhooks", (it) => {
  it.effect("tell each step of a payment once, in events that the provider's own library takes", () =>
    Effect.gen(function* () {
      yield* open
      const { body } = yield* intent()
      const [created] = [yield* next]
      assert.strictEqual(created.type, "payment_intent.created")
      assert.deepInclude(created.data.object, { object: "payment_intent", id: body.id })
      yield* pay(`payment_intents/${body.id}/confirm`)
      assert.deepStrictEqual(yield* types(1), ["payment_intent.amount_capturable_updated"])
      yield* pay(`payment_intents/${body.id}/capture`)
      assert.deepStrictEqual(yield* types(1), ["payment_intent.succeeded"])
      yield* pay("refunds", { payment_intent: body.id, amount: "100" })
      assert.deepStrictEqual(yield* types(1), ["refund.created"])
    })
  )

  it.effect("tell of a decline, of a customer who is asked, and of an end, but not of a refusal", () =>
    Effect.gen(function* () {
      yield* open
      const declined = yield* intent({ payment_method: "pm_card_chargeDeclined" })
      yield* pay(`payment_intents/${declined.body.id}/confirm`)
      assert.sameMembers(yield* types(2), ["payment_intent.created", "payment_intent.payment_failed"])
      const asked = yield* intent({ payment_method: "pm_card_authenticationRequired" })
      yield* pay(`payment_intents/${asked.body.id}/confirm`)
      yield* pay(`payment_intents/${asked.body.id}/capture`)
      yield* pay(`payment_intents/${asked.body.id}/cancel`)
      assert.sameMembers(yield* types(3), [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.canceled"
      ])
    })
  )

  it.effect("are what the shop reads: a payment and its order", () =>
    Effect.gen(function* () {
      yield* open
      const { body } = yield* intent()
      const { text } = yield* Effect.flatMap(Receiver, ({ received }) => Queue.take(received))
      const read = readEvent(new TextEncoder().encode(text))
      assert.deepInclude(read._tag === "Some" ? read.value : {}, { paymentId: body.id, claimedOrderId: "ord_1" })
    })
  )

  it.effect("are sent again until they are acknowledged", () =>
    Effect.gen(function* () {
      yield* open
      yield* Effect.flatMap(Receiver, ({ answerWith }) => answerWith([503, 200]))
      yield* intent()
      const [first, second] = [yield* next, yield* next]
      assert.strictEqual(first.id, second.id)
      assert.isAbove(second.created, first.created - 1)
    })
  )

  it.effect("are doubled when asked to be", () =>
    Effect.gen(function* () {
      yield* open
      yield* behave({ duplicates: 2 })
      yield* intent()
      const ids = [yield* next, yield* next, yield* next].map(({ id }) => id)
      assert.strictEqual(new Set(ids).size, 1)
    })
  )

  it.effect("are held back, and come in the other order, when asked to", () =>
    Effect.gen(function* () {
      yield* open
      yield* behave({ hold: true })
      const { body } = yield* intent()
      yield* pay(`payment_intents/${body.id}/confirm`)
      yield* pay(`payment_intents/${body.id}/capture`)
      const { received } = yield* Receiver
      assert.strictEqual(yield* Queue.size(received), 0)
      yield* behave({ hold: false, reversed: true })
      assert.sameMembers(yield* types(3), [
        "payment_intent.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.created"
      ])
      const { body: state } = yield* send("/_sandbox/webhooks", {})
      assert.deepStrictEqual(
        state.data.slice(-3).map(({ type }) => type),
        ["payment_intent.succeeded", "payment_intent.amount_capturable_updated", "payment_intent.created"]
      )
    })
  )

  it.effect("are lost when asked to be", () =>
    Effect.gen(function* () {
      yield* open
      yield* behave({ lose: 1 })
      yield* intent()
      yield* behave({ lose: 0 })
      const { body } = yield* intent()
      assert.strictEqual((yield* next).data.object["id" as never], body.id)
    })
  )

  it.effect("are set by JSON that is right, and by nothing else", () =>
    Effect.gen(function* () {
      for (const wrong of [{ url: "ftp://x" }, { url: 7 }, { lose: 2 }, { nonsense: true }]) {
        assert.strictEqual((yield* behave(wrong)).status, 400)
      }
      assert.strictEqual((yield* send("/_sandbox/webhooks", { method: "POST", body: "{}" })).status, 400)
    })
  )
})

layer(Layer.merge(Receiver.layer, NodeServices.layer), { excludeTestServices: true })(
  "a sandbox that was killed",
  (it) => {
    it.effect("is told again where to send its events", () =>
      Effect.gen(function* () {
        const { received, url } = yield* Receiver
        const dataDir = yield* temporaryFolder
        yield* Effect.gen(function* () {
          const sandbox = yield* Sandbox
          yield* sandbox.sendWebhooksTo(url)
          process.kill((yield* sandbox.pid) ?? 0, "SIGKILL")
          const create = Effect.tryPromise(() =>
            fetch(new URL("/v1/payment_intents", sandbox.baseUrl), {
              method: "POST",
              headers: { authorization: `Bearer ${Redacted.value(sandbox.secretKey)}` },
              body: new URLSearchParams({ amount: "4200", currency: "eur" })
            })
          )
          // Until the next life is there and has been told: each try makes a payment, so one of them is heard of.
          yield* Effect.raceFirst(
            Effect.forever(Effect.delay(Effect.ignore(create), "100 millis")),
            Queue.take(received)
          )
        }).pipe(Effect.provide(Sandbox.layer({ dataDir, port: 0 })))
      })
    )
  }
)
