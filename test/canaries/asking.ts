/** What is asked of the shop with all of it in every place that takes a text, rightly and wrongly, and what came back. */
import { Effect, Redacted } from "effect"
import * as http from "node:http"
import { sign } from "../../src/orders/webhooks/signature.ts"
import { type Got, sendTo } from "../fuzz/client.ts"
import { talk } from "../http/rawClient.ts"
import { canaries, gossip } from "./canaries.ts"

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown
}

export interface Answered extends Got {
  /** What was asked, for whoever reads why a test failed. */
  readonly asked: string
}

export type Ask = (method: string, path: string, asked?: Asked) => Effect.Effect<Answered>

/** Over connections that are kept open until the scope closes. */
export const asking = (url: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new http.Agent({ keepAlive: true })),
    (agent) => Effect.sync(() => agent.destroy())
  ).pipe(
    Effect.map((agent) => {
      const ask: Ask = (method, path, { body, headers = {} } = {}) => {
        const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body)
        const bytes = text === undefined ? undefined : Buffer.from(text)
        const length = bytes === undefined ? {} : { "content-length": String(bytes.length) }
        const sent = {
          method,
          path,
          headers: { "content-type": "application/json", ...length, ...headers },
          body: bytes
        }
        return Effect.map(sendTo(agent, url, sent), (got) => ({ ...got, asked: `${method} ${path}` }))
      }
      return { ask }
    })
  )

/** Of an answer without end, as much as there is with its first event. */
export const firstEvent = (url: string, path: string, headers: Readonly<Record<string, string>>) =>
  Effect.promise(async (signal): Promise<Answered> => {
    const answer = await fetch(`${url}${path}`, { headers, signal, redirect: "manual" })
    let text = ""
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part
      if (text.includes("\n\n")) break
    }
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text, asked: `GET ${path}` }
  })

export const jsonOf = (answer: Answered) => JSON.parse(answer.text) as Readonly<Record<string, string>>

const { card, email, key, name, password, reference, token } = canaries
const inPath = encodeURIComponent

/** Nothing of this belongs in an answer. */
export const hostile = (ask: Ask, headers: Readonly<Record<string, string>>, webhookSecret: string) => {
  const post = (path: string, body: unknown, more: Readonly<Record<string, string>> = {}) =>
    ask("POST", path, { body, headers: { ...headers, "idempotency-key": key, prefer: "wait=0", ...more } })
  const lines = [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }]
  const cart = { lines, payment_method: "pm_authorized", client_reference: reference }
  const event = JSON.stringify({
    id: "evt_1",
    type: "charge.updated",
    data: { object: { object: "charge", payment_intent: email, metadata: { order_id: gossip }, description: gossip } },
    account: gossip
  })
  const seconds = Math.floor(Date.now() / 1000)
  const signed = (body: string, at = seconds) => ({
    "stripe-signature": sign(Redacted.make(webhookSecret), at, Buffer.from(body))
  })
  const everywhere = {
    authorization: `Bearer ${token}`,
    cookie: `session=${token}`,
    referer: `https://shop.example/?email=${email}`,
    "user-agent": gossip,
    "x-request-id": email,
    "x-forwarded-for": email,
    "x-forwarded-host": email,
    forwarded: `for=${email}`,
    traceparent: `00-${gossip}-01`,
    tracestate: `shop=${email}`,
    baggage: `email=${email},card=${card}`,
    "if-none-match": `"${email}"`,
    "accept-language": gossip
  }
  return [
    post("/v1/users", { email, password, name }, { "idempotency-key": `${key}-again` }),
    post("/v1/users", { email: `${email} `, password: [password], name: { name }, extra: card }),
    post("/v1/users", { email: [email], password: "password", name: card.repeat(20) }),
    post("/v1/users", `{"email": "${email}", "password": "${password}"`),
    post("/v1/users", `{"email": "${email}", "password": "${password}", "name": "${name}" ${card}}`),
    post("/v1/users", { email: gossip, password: gossip, name: gossip }, { "idempotency-key": gossip }),
    post("/v1/users", gossip, { "content-type": gossip }),
    post("/v1/users", gossip, { "content-encoding": email }),
    post("/v1/sessions", { email, password: `${password}!` }),
    post("/v1/sessions", { email: `x${email}`, password, device: token }),
    post("/v1/sessions", { email, password, token }),
    ask("GET", "/v1/users/me", { headers: everywhere }),
    ask("GET", "/v1/users/me", { headers: { authorization: `Basic ${token}` } }),
    ask("GET", `/v1/users/me?email=${inPath(email)}&token=${token}`, { headers: { authorization: gossip } }),
    ask("GET", `/v1/users/${inPath(email)}`, { headers }),
    ask("GET", `/v1/${inPath(email)}/${token}?card=${inPath(card)}`, { headers }),
    ask("GET", `/v1/users?cursor=${token}&limit=${inPath(card)}`, { headers }),
    ask("GET", `/v1/products?cursor=${inPath(email)}&limit=${inPath(card)}`),
    ask("GET", "/v1/products", { headers: { ...everywhere, authorization: "" } }),
    ask("GET", "/v1/products", { headers: { accept: gossip } }),
    ask("PURGE", `/v1/products/${inPath(name)}`, { headers: everywhere }),
    ask("GET", `/v1/orders?idempotency_key=${inPath(gossip)}`, { headers }),
    ask("GET", `/v1/orders/${inPath(name)}`, { headers }),
    ask("GET", `/v1/orders/${inPath(token)}/timeline`, { headers }),
    ask("GET", `/v1/deferred/${inPath(key)}`, { headers }),
    ask("GET", `/problems/${inPath(email)}`),
    post("/v1/orders", { ...cart, expected_total: 1 }, { "idempotency-key": `${key}-price` }),
    post("/v1/orders", { ...cart, payment_method: card }),
    post("/v1/orders", { ...cart, discount_code: email }),
    post("/v1/orders", { ...cart, discount_code: "KANARIENVOGEL-LOVELACE" }, { "idempotency-key": `${key}-discount` }),
    post(
      "/v1/orders",
      { ...cart, lines: [{ sku: "KANARIENVOGEL-1", quantity: 1 }] },
      { "idempotency-key": `${key}-sku` }
    ),
    post("/v1/orders", { ...cart, client_reference: gossip.repeat(9) }),
    post("/v1/orders", { ...cart, client_reference: `${reference}\u0000` }),
    post("/v1/orders", cart, { "idempotency-key": `${key} ${email}` }),
    post("/v1/orders", cart, { prefer: `wait=0, ${gossip}`, "request-timeout": gossip }),
    post("/v1/orders/ord_1/cancel", undefined, { "if-match": `"${email}"` }),
    post("/v1/orders/ord_1/refunds", { amount: card }),
    post("/v1/webhooks/payments", event, signed(event)),
    post("/v1/webhooks/payments", event, signed(event, seconds - 9_000)),
    post("/v1/webhooks/payments", event, { "stripe-signature": gossip }),
    post("/v1/webhooks/payments", gossip, signed(gossip)),
    ask("GET", `/panic?card=${inPath(card)}`, { headers: everywhere }),
    ask("GET", `/panic?token=${token}&password=${password}`, { headers: everywhere }),
    ask("GET", `/panic?password=${password}&email=${inPath(email)}`, { headers: everywhere }),
    ask("GET", `/panic?email=${email}`, { headers: everywhere })
  ]
}

/** What an operator, and who is none, may ask for. */
export const hostileToOps = (ask: Ask, headers: Readonly<Record<string, string>>) => {
  const post = (path: string, body: unknown, more: Readonly<Record<string, string>> = {}) =>
    ask("POST", path, { body, headers: { ...headers, ...more } })
  const api = "/ops/api"
  const form = { "content-type": "application/x-www-form-urlencoded" }
  return [
    ask("GET", `${api}/queues`, { headers: { authorization: `Bearer ${token}` } }),
    ask("GET", `${api}/queues`, { headers: { cookie: `holdfast_operator=${token}` } }),
    ask("GET", `${api}/${inPath(email)}`, { headers }),
    ask("GET", `${api}/dead-letters?cursor=${token}&limit=${inPath(card)}&failed_after=${inPath(name)}`, { headers }),
    ask("GET", `${api}/dead-letters?queue=${inPath(email)}&code=${inPath(gossip)}`, { headers }),
    ask("GET", `${api}/dead-letters/${inPath(email)}`, { headers }),
    post(`${api}/dead-letters/replay`, { filter: { queue: [email] }, reason: "", per_second: card }),
    post(`${api}/dead-letters/replay`, `{"reason": "${gossip}`),
    post(`${api}/operators/${inPath(email)}/add`, { reason: "why not" }),
    post(`${api}/kill-switches/${inPath(email)}/off`, { reason: "why not", expires_at: card }),
    post(`${api}/circuits/${inPath(name)}/reset`, { reason: "why not" }),
    post("/ops/login", `token=${inPath(gossip)}`, form),
    ask("GET", `/ops/login?code=${inPath(token)}`)
  ]
}

/** Bytes that are no request, with all of it among them. */
const almostRequests = [
  `GET /v1/${email} HTTP/1.1\r\nHost: ${gossip}\r\nConnection: close\r\n\r\n`,
  `${gossip}\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: shop\r\n${gossip}\r\n\r\n`,
  `POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${gossip}`,
  `POST /v1/users HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n${gossip}\r\n`,
  `CONNECT ${email}:443 HTTP/1.1\r\nHost: ${email}\r\n\r\n`,
  `GET /${inPath(gossip).repeat(40)} HTTP/1.1\r\nHost: shop\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: shop\r\nX-Long: ${gossip.repeat(100)}\r\n\r\n`
]

export const speak = (url: string): Effect.Effect<ReadonlyArray<Answered>> =>
  Effect.map(
    Effect.forEach(almostRequests, (bytes) => talk(Number(new URL(url).port), { says: [bytes], patience: 2_000 }), {
      concurrency: "unbounded"
    }),
    (all) => all.flatMap(({ answers }, number) => answers.map((answer) => ({ ...answer, asked: `bytes ${number}` })))
  )
