/**
 * What passes on the wire to the providers: how often they were asked, and under which keys. A witness that neither
 * the shop nor the provider can touch.
 *
 * A request's head comes in one piece, at the beginning of what was sent.
 */
import type { Provider } from "../../src/ops/ProviderFaults.ts"

/** One request on the wire. */
export interface Asked {
  readonly provider: Provider
  /** Milliseconds. */
  readonly at: number
  /** A write's key; method and path of what has none. The same thing asked again has the same name. */
  readonly name: string
}

export interface ProviderTraffic {
  /** Requests that write to the payment provider, by their key. */
  readonly writes: ReadonlyMap<string, number>
  /** Requests that only ask the payment provider. */
  readonly questions: number
  /** The keys of the mails that the email provider was asked to send. */
  readonly mails: ReadonlySet<string>
  /** Everything, in order. */
  readonly asked: ReadonlyArray<Asked>
}

const head = /^(GET|POST|PUT) (\/\S*) HTTP/
const keyIn = /\r\nidempotency-key: *(\S+)\r\n/i
const payment = /^\/v1\/(?:payment_intents|refunds)/

const providerAt = (path: string): Provider => {
  if (path.startsWith("/resend/")) return "email"
  if (path.startsWith("/inventory/")) return "inventory"
  if (path.startsWith("/recommendations/")) return "recommendations"
  return path.startsWith("/analytics/") ? "analytics" : "payments"
}

export const makeProviderTraffic = () => {
  const writes = new Map<string, number>()
  const mails = new Set<string>()
  const asked: Array<Asked> = []
  let questions = 0
  return {
    hear: (chunk: Buffer) => {
      const text = chunk.toString("latin1")
      const [, method = "", path = ""] = head.exec(text) ?? []
      if (method === "") return
      const key = keyIn.exec(text)?.[1]
      asked.push({ provider: providerAt(path), at: Date.now(), name: key ?? `${method} ${path}` })
      if (payment.test(path) && method === "GET") questions += 1
      if (payment.test(path) && method === "POST") writes.set(key ?? "none", (writes.get(key ?? "none") ?? 0) + 1)
      if (path === "/resend/emails") mails.add(key ?? "none")
    },
    seen: (): ProviderTraffic => ({ writes: new Map(writes), questions, mails: new Set(mails), asked: [...asked] })
  }
}

/** Requests for each operation: repeated writes and questions count, operations are the keys. 1 when nobody erred. */
export const callsPerOperation = ({ questions, writes }: ProviderTraffic): number =>
  writes.size === 0 ? 1 : ([...writes.values()].reduce((sum, times) => sum + times, 0) + questions) / writes.size
