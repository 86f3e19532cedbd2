/** The fake provider's API, as its clients see it: keys, refusals, faults. Served inside this process, on a free port. */
import { NodeServices } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import { TestClock } from "effect/testing"
import { server } from "../../src/sandbox/server.ts"

const secretKey = "sk_test_of_this_test"
const sandbox = Layer.unwrap(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "holdfast-sandbox-" })
    return server({ dataDir, port: 0, secretKey })
  })
).pipe(Layer.provideMerge(NodeServices.layer))

interface Sent {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown> & { readonly id?: string; readonly error?: Record<string, unknown> }
}

const send = (path: string, init: RequestInit) =>
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    const port = "port" in address ? address.port : 0
    return yield* Effect.promise(async (): Promise<Sent> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, init)
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Sent["body"] }
    })
  })

const authorization = `Bearer ${secretKey}`
const post = (path: string, parameters: Record<string, string>, key?: string) =>
  send(path, {
    method: "POST",
    headers: { authorization, ...(key === undefined ? {} : { "idempotency-key": key }) },
    body: new URLSearchParams(parameters)
  })
const get = (path: string) => send(path, { headers: { authorization } })
const control = (body: object) =>
  send("/_sandbox/faults", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  })

const intents = "/v1/payment_intents"
const form = { amount: "4200", currency: "usd", capture_method: "manual", payment_method: "pm_card_visa" }

layer(sandbox)("the sandbox's payment provider", (it) => {
  it.effect("answers 401 without its key", () =>
    Effect.gen(function* () {
      const { body, status } = yield* send(intents, { headers: { authorization: "Bearer sk_test_other" } })
      assert.strictEqual(status, 401)
      assert.strictEqual(body.error?.["type"], "invalid_request_error")
    })
  )

  it.effect("names every request", () =>
    Effect.gen(function* () {
      assert.match((yield* get(intents)).headers.get("request-id") ?? "", /^req_\w+$/)
    })
  )

  it.effect("repeats an answer under its key, word for word, and says so", () =>
    Effect.gen(function* () {
      const first = yield* post(intents, form, "repeat")
      const again = yield* post(intents, form, "repeat")
      assert.strictEqual(first.headers.get("idempotent-replayed"), null)
      assert.strictEqual(again.headers.get("idempotent-replayed"), "true")
      assert.deepStrictEqual(again.body, first.body)
    })
  )

  it.effect("shows a repeated answer as it was, though the payment has moved on", () =>
    Effect.gen(function* () {
      const created = yield* post(intents, form, "moved:create")
      yield* post(`${intents}/${created.body.id}/confirm`, {}, "moved:confirm")
      assert.strictEqual((yield* post(intents, form, "moved:create")).body["status"], "requires_confirmation")
      assert.strictEqual((yield* get(`${intents}/${created.body.id}`)).body["status"], "requires_capture")
    })
  )

  it.effect("refuses a key with other parameters or at another path", () =>
    Effect.gen(function* () {
      const created = yield* post(intents, form, "other")
      const parameters = yield* post(intents, { ...form, amount: "4300" }, "other")
      const path = yield* post(`${intents}/${created.body.id}/confirm`, {}, "other")
      for (const { body, status } of [parameters, path]) {
        assert.strictEqual(status, 400)
        assert.strictEqual(body.error?.["type"], "idempotency_error")
      }
    })
  )

  it.effect("answers 409 while the first request of a key is running", () =>
    Effect.gen(function* () {
      yield* control({ mode: "latency", ms: 1000, times: 1 })
      const both = Effect.all([post(intents, form, "busy"), post(intents, form, "busy")], { concurrency: 2 })
      const answers = yield* Effect.race(
        both,
        Effect.forever(Effect.andThen(TestClock.withLive(Effect.sleep("20 millis")), TestClock.adjust("100 millis")))
      )
      assert.deepStrictEqual(
        answers.map(({ status }) => status).toSorted((a, b) => a - b),
        [200, 409]
      )
      const busy = answers.find(({ status }) => status === 409)
      assert.strictEqual(busy?.body.error?.["code"], "idempotency_key_in_use")
    })
  )

  it.effect("leaves the key of a request that failed its checks free", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* post(intents, { ...form, amount: "1" }, "free")).status, 400)
      assert.strictEqual((yield* post(intents, form, "free")).status, 200)
    })
  )

  it.effect("keeps a decline under its key", () =>
    Effect.gen(function* () {
      const created = yield* post(intents, { ...form, payment_method: "pm_card_chargeDeclined" })
      const confirm = post(`${intents}/${created.body.id}/confirm`, {}, "declined")
      const [first, again] = [yield* confirm, yield* confirm]
      assert.strictEqual(first.status, 402)
      assert.strictEqual(first.body.error?.["decline_code"], "generic_decline")
      assert.strictEqual(again.headers.get("idempotent-replayed"), "true")
      assert.deepStrictEqual(again.body, first.body)
    })
  )

  it.effect("forgets a key after a day", () =>
    Effect.gen(function* () {
      const first = yield* post(intents, form, "old")
      yield* TestClock.adjust("25 hours")
      assert.notStrictEqual((yield* post(intents, form, "old")).body.id, first.body.id)
    })
  )

  it.effect("refuses a parameter that it does not know, or that its version has dropped", () =>
    Effect.gen(function* () {
      for (const unknown of [{ ammount: "1" }, { "payment_method_types[0]": "card" }]) {
        const { body, status } = yield* post(intents, { ...form, ...unknown })
        assert.strictEqual(status, 400)
        assert.strictEqual(body.error?.["code"], "parameter_unknown")
      }
    })
  )

  it.effect("pages its lists", () =>
    Effect.gen(function* () {
      yield* post(intents, form)
      yield* post(intents, form)
      const page = yield* get(`${intents}?limit=1`)
      const data = page.body["data"] as ReadonlyArray<{ readonly id: string }>
      assert.strictEqual(data.length, 1)
      assert.strictEqual(page.body["has_more"], true)
      const next = yield* get(`${intents}?limit=1&starting_after=${data[0]?.id}`)
      assert.notDeepEqual(next.body["data"], data)
    })
  )

  it.effect("strikes with a fault as often as told, and is healthy again", () =>
    Effect.gen(function* () {
      yield* control({ mode: "status", status: 503, times: 1, retry_after_seconds: 7 })
      const struck = yield* get(intents)
      assert.strictEqual(struck.status, 503)
      assert.strictEqual(struck.headers.get("retry-after"), "7")
      assert.strictEqual((yield* get(intents)).status, 200)
      yield* control({ mode: "status", status: 503 })
      yield* control({ mode: "none" })
      assert.strictEqual((yield* get(intents)).status, 200)
    })
  )

  it.effect("takes no fault that is misspelt or not sent as JSON", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* control({ mode: "latency", millis: 5 })).status, 400)
      const body = JSON.stringify({ mode: "hang_before" })
      assert.strictEqual((yield* send("/_sandbox/faults", { method: "POST", body })).status, 400)
      assert.strictEqual((yield* get(intents)).status, 200)
    })
  )
})
