/**
 * A shop as a process, all of it planted in whatever it takes, and everything that came out of it: what `canaries.test.ts`
 * looks through.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert } from "@effect/vitest"
import { Context, Effect, Layer, Logger } from "effect"
import type { Database } from "../../src/database/Database.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { untilCatalogueIsKnown } from "../main/client.ts"
import { startShop } from "../main/process.ts"
import { eventually } from "../eventually.ts"
import { type Answered, type Ask, asking, firstEvent, hostile, hostileToOps, jsonOf, speak } from "./asking.ts"
import { canaries } from "./canaries.ts"
import { type Heard, paymentMethods, startGossip } from "./gossip.ts"
import * as Tables from "./tables.ts"

const { email, key, name, password, reference } = canaries
const webhookSecret = "whsec_of_the_gossip"
const operatorToken = "token-of-ada-the-operator"
const asOperator = { authorization: `Bearer ${operatorToken}` }

const envOf = (dataDir: string, url: string) => ({
  DATA_DIR: dataDir,
  LOG_LEVEL: "trace",
  OPS_TOKENS: `ada:operator:${operatorToken}`,
  STRIPE_API_BASE: url,
  STRIPE_SECRET_KEY: "sk_test_of_the_gossip",
  STRIPE_WEBHOOK_SECRET: webhookSecret,
  RESEND_API_BASE: url,
  RESEND_API_KEY: "re_of_the_gossip",
  EMAIL_FROM: "shop@example.com",
  RECOMMENDATIONS_URL: url,
  ANALYTICS_URL: url,
  OTEL_EXPORTER_OTLP_ENDPOINT: url
})

const cart = (more: object = {}) => ({
  lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }],
  payment_method: "pm_authorized",
  client_reference: reference,
  ...more
})

interface Customer {
  readonly id: string
  readonly headers: Readonly<Record<string, string>>
  readonly order: (body: object, of: string) => Effect.Effect<Answered>
}

/** Whoever all of it is of, and what they were given that is nobody else's. The answers to these are theirs. */
const signUp = Effect.fnUntraced(function* (ask: Ask) {
  const own = [
    yield* ask("POST", "/v1/users", { body: { email, password, name }, headers: { "idempotency-key": key } })
  ]
  const session = jsonOf(yield* ask("POST", "/v1/sessions", { body: { email, password } }))
  const { device = "", token = "" } = session
  const headers = { authorization: `Bearer ${token}` }
  own.push(yield* ask("GET", "/v1/users/me", { headers }))
  const order: Customer["order"] = (body, of) =>
    ask("POST", "/v1/orders", { headers: { ...headers, "idempotency-key": `${key}-${of}`, prefer: "wait=0" }, body })
  const customer: Customer = { id: jsonOf(own[0] as Answered)["id"] ?? "", headers, order }
  return { customer, own, secrets: [token.slice(-20), device.slice(-20), password, "4242 4242"] }
})

/** An order for each way in which a payment may end; the ids, the first of which ends well. */
const hearProviders = Effect.fnUntraced(function* (ask: Ask, { order }: Customer) {
  const placed = yield* Effect.forEach(paymentMethods, (payment_method) =>
    order(cart({ payment_method }), payment_method)
  )
  for (const { status, text } of placed) assert.strictEqual(status, 202, text)
  const products = yield* ask("GET", "/v1/products?limit=100")
  const [, product = ""] = /"id":"(prd_[^"]+)","sku":"KITCHEN-KETTLE-12"/.exec(products.text) ?? []
  const recommended = Effect.replicateEffect(ask("GET", `/v1/products/${product}/recommendations`), 6)
  return { answers: [...placed, ...(yield* recommended)], orderIds: placed.map((answer) => jsonOf(answer)["id"] ?? "") }
})

/** Rows that the database refuses in its own words, and those that it is away for, which the spool keeps. */
const hearDatabase = Effect.fnUntraced(function* (ask: Ask, { headers, order }: Customer) {
  const signUpAs = (whose: string, called: string) =>
    ask("POST", "/v1/users", { body: { email: `${whose}.${email}`, password, name: `${called} ${name}` } })
  const referring = (to: string, of: string) => order(cart({ client_reference: `${to} ${reference}` }), of)
  // Its mail is what fails: this answer is its owner's.
  yield* signUpAs("mailed", "mail=42601")
  const refused = yield* Effect.forEach(Tables.states, (state) =>
    Effect.all([referring(`state=${state}`, state), signUpAs(state, `state=${state}`)])
  )
  const checked = yield* referring("a check", "check")
  const kept = yield* Effect.forEach(Tables.statesOfOutages, (state) =>
    Effect.all([referring(`state=${state}`, state), signUpAs(state, `state=${state}`)])
  )
  for (const { status, text } of kept.flat()) assert.strictEqual(status, 202, text)
  const looks = yield* Effect.forEach(kept.flat(), (answer) =>
    ask("GET", `/v1/deferred/${jsonOf(answer)["id"]}`, { headers })
  )
  const deferredIds = kept.flat().map((answer) => jsonOf(answer)["id"] ?? "")
  return { answers: [...refused.flat(), checked, ...kept.flat(), ...looks], deferredIds }
})

/** Everything that operators are shown, and what is explained to them of these ids. */
const lookAsOperator = Effect.fnUntraced(function* (opsUrl: string, ask: Ask, ids: ReadonlyArray<string>) {
  const lists = ["dead-letters", "dead-letters/groups", "dead-letters/preview", "queues"]
  const seen = [
    "/metrics",
    "/openapi.json",
    ...[...lists, "kill-switches", "circuits", "invariants", "status", "audit", "log-levels"].map(
      (of) => `/ops/api/${of}`
    ),
    ...ids.map((id) => `/ops/api/explain?id=${id}`)
  ]
  const shown = yield* Effect.forEach(seen, (of) => ask("GET", of, { headers: asOperator }))
  const dead = [...(shown[2]?.text ?? "").matchAll(/"id":"(\d+)"/g)].map(([, id]) => id)
  assert.isAtLeast(dead.length, 5)
  const letters = yield* Effect.forEach(dead, (id) =>
    ask("GET", `/ops/api/dead-letters/${id}`, { headers: asOperator })
  )
  const signedIn = yield* ask("POST", "/ops/login", {
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `token=${operatorToken}`
  })
  const cookie = (signedIn.headers["set-cookie"] ?? "").split(";", 1)[0] ?? ""
  const inBrowser = (of: string) => ask("GET", of, { headers: { cookie } })
  // What was typed stands in the form again.
  const lookUp = (id: string) =>
    Effect.map(inBrowser(`/ops/look-up?id=${id}`), (page) => ({
      ...page,
      text: page.text.replace(`value="${id}"`, "")
    }))
  const pages = [
    ...(yield* Effect.forEach(["/ops", "/ops/runbook"], inBrowser)),
    ...(yield* Effect.forEach(ids, lookUp))
  ]
  const streams = [
    yield* firstEvent(opsUrl, "/ops/api/stream", { cookie }),
    yield* firstEvent(opsUrl, "/ops/api/tail", asOperator)
  ]
  const all = [...shown, ...letters, ...pages, ...streams]
  for (const { asked, status } of all) assert.strictEqual(status, 200, asked)
  return all
})

const plant = Effect.gen(function* () {
  const dataDir = yield* temporaryFolder
  const gossip = yield* startGossip
  const shop = yield* startShop({ env: envOf(dataDir, gossip.url) })
  const { opsUrl, url } = yield* shop.ready
  const [{ ask }, { ask: askOps }] = yield* Effect.all([asking(url), asking(opsUrl)])
  const inDatabase = <A, E>(effect: Effect.Effect<A, E, Database>) => Effect.provide(effect, Tables.databaseIn(dataDir))

  const { customer, own, secrets } = yield* signUp(ask)
  const { answers, orderIds } = yield* hearProviders(ask, customer)
  answers.push(...(yield* Effect.all(hostile(ask, customer.headers, webhookSecret), { concurrency: 4 })))
  answers.push(...(yield* Effect.all(hostileToOps(askOps, asOperator), { concurrency: 4 })))
  answers.push(...(yield* speak(url)), ...(yield* speak(opsUrl)))
  // What is kept while the database is away is quoted from there.
  yield* untilCatalogueIsKnown(url)
  yield* inDatabase(Tables.loosenTongues)
  const heard = yield* hearDatabase(ask, customer)
  answers.push(...heard.answers)
  const spool = path.join(dataDir, "spool")
  const kept = fs.readdirSync(spool).map((file) => fs.readFileSync(path.join(spool, file), "latin1"))
  yield* inDatabase(Tables.takeOver)
  yield* inDatabase(eventually(Tables.takenOver, (ids) => heard.deferredIds.every((id) => ids.includes(id))))
  yield* inDatabase(
    eventually(
      Tables.queuesOfFailures,
      (queues) => ["emails", "orders"].every((one) => queues.filter((queue) => queue === one).length >= 3),
      { every: "100 millis", within: "40 seconds" }
    )
  )
  const stands = yield* inDatabase(Tables.whereItStands)
  yield* inDatabase(Tables.silence)

  const [first = ""] = orderIds
  yield* inDatabase(Tables.spoil(customer.id, first))
  answers.push(yield* ask("POST", "/v1/sessions", { body: { email, password } }))
  const looks = [`/v1/orders/${first}`, `/v1/orders/${first}/timeline`, "/v1/orders"]
  answers.push(...(yield* Effect.forEach(looks, (of) => ask("GET", of, { headers: customer.headers }))))
  const ids = [...orderIds, ...heard.deferredIds, `${key}-${paymentMethods[0]}`]
  answers.push(...(yield* lookAsOperator(opsUrl, askOps, ids)))

  yield* shop.signal("SIGTERM")
  const { said } = yield* shop.ended
  const told = (yield* gossip.heard).filter(({ path: of }) => of !== "/emails")
  return { own, secrets, answers, stands, kept, said, told, serverLog: Tables.serverLogIn(dataDir) }
}).pipe(Effect.scoped)

export class Planted extends Context.Service<
  Planted,
  {
    /** Answers to whoever it is of. */
    readonly own: ReadonlyArray<Answered>
    /** What is theirs alone, and no canary: the ends of a session's and of a device's token. Also what nobody may see again. */
    readonly secrets: ReadonlyArray<string>
    /** Every other answer. */
    readonly answers: ReadonlyArray<Answered>
    /** On both outputs, at every level. */
    readonly said: string
    /** What the embedded database's server wrote. */
    readonly serverLog: string
    /** Every request of the shop's, but those that bring a mail to the provider. */
    readonly told: ReadonlyArray<Heard>
    /** `table.column`, wherever any of it was. */
    readonly stands: ReadonlyArray<string>
    /** The files of the spool, with writes in them. */
    readonly kept: ReadonlyArray<string>
  }
>()("holdfast/test/Planted") {
  static readonly layer = Layer.effect(Planted, plant).pipe(Layer.provide(Logger.layer([])))
}
