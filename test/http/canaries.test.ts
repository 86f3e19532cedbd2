/**
 * What people entrust to the shop, planted everywhere that a request, a provider or a bug can carry it: it is in no log
 * line, in either format, and in no answer but the one that it is for.
 */
import { assert, layer } from "@effect/vitest"
import { Cause, Effect, Layer } from "effect"
import { Catalog, Payments, Shop } from "../../src/testing/index.ts"
import { PaymentRefused } from "../../src/dependencies/payments/errors.ts"
import { type Asked, doorOver, json, send, Written } from "./door.ts"

const canary = {
  email: "kanarienvogel.ada@example.com",
  password: "Kanarienvogel-Passwort",
  name: "Kanarienvogel Lovelace",
  card: "4242 4242 4242 4242",
  key: "kanarienvogel-key-5f2c8a",
  reference: "Kanarienvogel, third floor",
  token: "sess_kanarienvogel.ses_1.usr_1.1.abc"
}

/** As careless code would write it. */
const carelessError = () =>
  Object.assign(
    new Error(`no luck for ${canary.email} with card ${canary.card}, password=${canary.password}`, {
      cause: new Error(`Key (email)=(${canary.email}), Authorization: Bearer ${canary.token}, token ${canary.token}`)
    }),
    { detail: `Failing row contains (${canary.name})`, email: canary.email, request: { body: { ...canary } } }
  )

/** A provider whose every answer quotes its customer. */
const gossip = (round: number): Effect.Effect<never, PaymentRefused> => {
  const refused = new PaymentRefused({ operation: "confirm", code: `${canary.email} ${canary.card}` })
  if (round % 3 === 0) return Effect.fail(refused)
  if (round % 3 === 1) return Effect.die(carelessError())
  return Effect.failCause(Cause.fromReasons([...Cause.die(carelessError()).reasons, ...Cause.fail(refused).reasons]))
}

/** The shop's own provider and catalogue, made to fail in place. */
const careless = Layer.effectDiscard(
  Effect.gen(function* () {
    const [payments, catalog] = [yield* Payments, yield* Catalog]
    let round = 0
    const confirm: Payments["Service"]["confirm"] = () => Effect.suspend(() => gossip(round++))
    const find: Catalog["Service"]["find"] = () => Effect.die(carelessError())
    const stockLevel: Catalog["Service"]["stockLevel"] = () => Effect.succeed({ sku: canary.email, ...canary } as never)
    Object.assign(payments, { confirm })
    Object.assign(catalog, { find, stockLevel })
  })
).pipe(Layer.provideMerge(Shop.layerMemory))

/** Everything that is sent; what comes back is kept. */
const plantEverywhere = Effect.gen(function* () {
  const { email, key, name, password, reference, token } = canary
  const answers: Array<string> = []
  const ask = (method: string, path: string, asked?: Asked) =>
    Effect.tap(send(method, path, asked), (answer) => Effect.sync(() => answers.push(JSON.stringify(answer))))

  // The answer to signing up, and the log in's, are their owner's.
  const account = yield* send("POST", "/v1/users", { body: { email, password, name } })
  const session = json(yield* send("POST", "/v1/sessions", { body: { email, password } }))
  const headers = { authorization: `Bearer ${session.token}` }

  yield* ask("POST", "/v1/users", { body: { email, password, name } })
  yield* ask("POST", "/v1/users", {
    body: { email: `${email} `, password: [password], name: { name }, card: canary.card }
  })
  yield* ask("POST", "/v1/users", { body: `{"email": "${email}", "password": "${password}"` })
  yield* ask("POST", "/v1/sessions", { body: { email, password: `${password}!` } })
  yield* ask("POST", "/v1/sessions", { body: { email: `x${email}`, password } })
  yield* ask("POST", "/v1/sessions", { body: { email, password, token } })
  yield* ask("GET", "/v1/users/me", { headers: { authorization: `Bearer ${token}`, cookie: token, referer: email } })
  yield* ask("GET", `/v1/users/me?email=${encodeURIComponent(email)}`, { headers: { authorization: `Basic ${token}` } })
  yield* ask("GET", `/v1/${encodeURIComponent(email)}/${token}`, { headers })
  yield* ask("GET", `/v1/products?cursor=${token}&limit=${encodeURIComponent(canary.card)}`)
  yield* ask("GET", "/v1/products/prd_1", { headers })
  yield* ask("GET", "/v1/products/prd_1/stock", { headers })

  const lines = [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }]
  const order = (more: object, given: string) =>
    ask("POST", "/v1/orders", {
      headers: { ...headers, "idempotency-key": given, prefer: "wait=0", "user-agent": email },
      body: { lines, payment_method: "pm_card_visa", client_reference: reference, ...more }
    })
  for (const round of [1, 2, 3]) yield* order({}, `${key}-${round}`)
  yield* order({ expected_total: 1 }, key)
  yield* order({ payment_method: canary.card, card: canary.card }, key)
  yield* order({ discount_code: email }, `${key} ${email}`)
  yield* order({ lines: [] }, `${key}-1`)
  yield* order({ [email]: canary.card }, key)
  yield* ask("DELETE", "/v1/sessions", { headers })
  return { answers, token: String(session.token), signedUp: account.status }
})

// The member that nobody knows is named to whoever sent it, and to nobody else.
const named = JSON.stringify(`/${canary.email}`).slice(1, -1)
const all = [...Object.values(canary), "4242424242424242", "anarienvogel"]

for (const format of ["json", "pretty"] as const) {
  layer(doorOver(careless, { format }), { excludeTestServices: true })(`with logs as ${format}`, (it) => {
    it.effect("nothing entrusted to the shop is in its logs, or in an answer to anybody else", () =>
      Effect.gen(function* () {
        const { answers, signedUp, token } = yield* plantEverywhere
        assert.strictEqual(signedUp, 201)
        const written = (yield* Written).join("\n")
        for (const found of [...all, token, token.slice(-20)]) {
          assert.notInclude(written, found)
          for (const answer of answers) assert.notInclude(answer.replace(named, ""), found)
        }
      })
    )

    it.effect("what went wrong is in the logs all the same", () =>
      Effect.gen(function* () {
        const written = (yield* Written).join("\n")
        for (const told of ["request died", "internal_error", "email_taken", "payload /*: unknown_member", "<email>"]) {
          assert.include(written, told)
        }
        assert.match(written, /job died|order needs an operator/)
      })
    )
  })
}
