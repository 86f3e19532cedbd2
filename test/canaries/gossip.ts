/**
 * A provider that talks: it plays all that the shop has, quotes the customer in every answer, in bodies, in headers and
 * in what is no HTTP any more, and keeps what it is told.
 *
 * What becomes of a payment says its method, `pm_<outcome>`. Mails are refused, then not taken, then taken; what is
 * recommended and counted is answered now so, now so. Whatever is posted anywhere else, spans above all, is kept.
 */
import { Effect } from "effect"
import * as http from "node:http"
import type * as net from "node:net"
import { gunzipSync } from "node:zlib"
import { canaries, gossip } from "./canaries.ts"

export interface Heard {
  readonly path: string
  readonly text: string
}

export interface Gossip {
  readonly url: string
  /** Every request until now. */
  readonly heard: Effect.Effect<ReadonlyArray<Heard>>
}

const headers = {
  "content-type": "application/json",
  "request-id": canaries.email,
  "retry-after": gossip,
  "stripe-should-retry": canaries.name,
  "set-cookie": `session=${canaries.token}`,
  "x-customer": gossip
}

interface Intent {
  readonly id: string
  readonly method: string
  readonly amount: number
  readonly currency: string
  readonly metadata: Readonly<Record<string, string>>
}

const shown = ({ amount, currency, id, metadata }: Intent, status: string, changed: object = {}) => ({
  id,
  object: "payment_intent",
  status,
  amount,
  amount_capturable: status === "requires_capture" ? amount : 0,
  amount_received: status === "succeeded" ? amount : 0,
  currency,
  metadata,
  description: gossip,
  receipt_email: canaries.email,
  last_payment_error:
    status === "requires_payment_method" ? { code: gossip, decline_code: gossip, message: gossip } : null,
  shipping: { name: canaries.name },
  ...changed
})

type Said = (response: http.ServerResponse) => void
const said =
  (status: number, body: unknown, more: object = {}): Said =>
  (response) => {
    response.writeHead(status, { ...headers, ...more })
    response.end(typeof body === "string" ? body : JSON.stringify(body))
  }
const error = (type: string, more: object = {}) => ({
  error: { type, code: gossip, decline_code: gossip, message: gossip, param: canaries.card, ...more }
})
const raw =
  (bytes: string): Said =>
  ({ socket }) =>
    void socket?.end(bytes)

/** What may become of a payment that is confirmed. Those before `unreadable` are the provider's last word. */
const outcomes = {
  authorized: (intent) => said(200, shown(intent, "requires_capture")),
  declined: (intent) => said(402, error("card_error", { payment_intent: shown(intent, "requires_payment_method") })),
  refused: () => said(400, error("invalid_request_error")),
  reused: () => said(400, error("idempotency_error")),
  other_order: (intent) => said(200, shown(intent, "requires_capture", { metadata: { order_id: gossip } })),
  other_payment: (intent) => said(200, shown(intent, "requires_capture", { id: canaries.email })),
  unreadable: () => said(200, gossip),
  credentials: () => said(401, error("authentication_error")),
  broken: () => said(500, `<html>${gossip}</html>`, { "content-type": "text/html" }),
  redirected: () => said(302, "", { location: `https://example.com/${canaries.token}?email=${canaries.email}` }),
  cut: () => raw(`HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nX-Customer: ${gossip}\r\n\r\n{"id": "${gossip}`),
  no_http: () => raw(`HTTP/1.1 200 ${gossip}\r\n${gossip}\r\n\r\n${gossip}`)
} satisfies Record<string, (intent: Intent) => Said>
type Outcome = keyof typeof outcomes
export const paymentMethods = (Object.keys(outcomes) as ReadonlyArray<Outcome>).map((outcome) => `pm_${outcome}`)

const isOutcome = (name: string): name is Outcome => name in outcomes

class Payments {
  private readonly intents = new Map<string, Intent>()

  answer(method: string, path: string, form: URLSearchParams): Said {
    const [, id = "", verb] = /^\/v1\/payment_intents\/(\w+)(?:\/(\w+))?$/.exec(path) ?? []
    const intent = this.intents.get(id)
    if (method === "POST" && path === "/v1/payment_intents") return this.create(form)
    if (intent === undefined) return said(404, error("invalid_request_error"))
    if (verb === "confirm") return isOutcome(intent.method) ? outcomes[intent.method](intent) : said(500, gossip)
    if (verb === "capture") return said(200, shown(intent, "succeeded"))
    return said(200, shown(intent, "requires_confirmation"))
  }

  private create(form: URLSearchParams): Said {
    const metadata = Object.fromEntries(
      ["order_id", "operation_key"].map((name) => [name, form.get(`metadata[${name}]`) ?? ""])
    )
    const intent: Intent = {
      id: `pi_${this.intents.size + 1}`,
      method: (form.get("payment_method") ?? "").slice("pm_".length),
      amount: Number(form.get("amount")),
      currency: form.get("currency") ?? "",
      metadata
    }
    this.intents.set(intent.id, intent)
    return said(200, shown(intent, "requires_confirmation"))
  }
}

/** One after the other, the last for ever. */
const inTurn = (...all: ReadonlyArray<Said>) => {
  let next = 0
  return () => all[Math.min(next++, all.length - 1)] as Said
}

const talking = () => {
  const payments = new Payments()
  const mails = inTurn(
    said(422, { statusCode: 422, name: "validation_error", message: gossip }),
    said(422, { statusCode: 422, name: gossip, message: gossip }),
    said(503, gossip),
    said(200, { id: gossip }),
    said(200, { id: "mail_1", to: [canaries.email] })
  )
  const recommended = inTurn(
    said(500, gossip),
    said(200, { sku: gossip, recommendations: [gossip] }),
    said(200, gossip),
    said(200, { sku: "KITCHEN-KETTLE-12", recommendations: [canaries.email, gossip] })
  )
  const counted = inTurn(said(500, gossip), said(202, { taken: gossip }))
  return (method: string, path: string, text: string): Said => {
    if (path.startsWith("/v1/payment_intents")) return payments.answer(method, path, new URLSearchParams(text))
    if (path === "/emails") return mails()
    if (path.startsWith("/products/")) return recommended()
    if (path === "/events") return counted()
    return said(path.startsWith("/v1/refunds") ? 500 : 200, {})
  }
}

const read = async (request: http.IncomingMessage): Promise<string> => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part as Buffer)
  const bytes = Buffer.concat(parts)
  return (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString("latin1")
}

export const startGossip = Effect.acquireRelease(
  Effect.callback<Gossip & { readonly close: () => void }>((resume) => {
    const heard: Array<Heard> = []
    const answer = talking()
    const server = http.createServer((request, response) => {
      void read(request).then((text) => {
        const { method = "", url = "" } = request
        heard.push({ path: url, text: `${url} ${JSON.stringify(request.headers)} ${text}` })
        answer(method, url.split("?", 1)[0] ?? "", text)(response)
      })
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo
      const close = () => {
        server.close()
        server.closeAllConnections()
      }
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, heard: Effect.sync(() => [...heard]), close }))
    })
  }),
  ({ close }) => Effect.sync(close)
)
