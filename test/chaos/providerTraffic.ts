/**
 * What passes on the wire to the payment provider: how often it was asked, and under which keys. A witness that neither
 * the shop nor the provider can touch.
 *
 * A request's head comes in one piece, at the beginning of what was sent.
 */
export interface ProviderTraffic {
  /** Requests that write, by their key. */
  readonly writes: ReadonlyMap<string, number>
  /** Requests that only ask. */
  readonly questions: number
}

const head = /^(GET|POST) \/v1\/(?:payment_intents|refunds)\S* HTTP/
const keyIn = /\r\nidempotency-key: *(\S+)\r\n/i

export const makeProviderTraffic = () => {
  const writes = new Map<string, number>()
  let questions = 0
  return {
    hear: (chunk: Buffer) => {
      const text = chunk.toString("latin1")
      const method = head.exec(text)?.[1]
      if (method === "GET") questions += 1
      if (method !== "POST") return
      const key = keyIn.exec(text)?.[1] ?? "none"
      writes.set(key, (writes.get(key) ?? 0) + 1)
    },
    seen: (): ProviderTraffic => ({ writes: new Map(writes), questions })
  }
}

/** Requests for each operation: repeated writes and questions count, operations are the keys. 1 when nobody erred. */
export const callsPerOperation = ({ questions, writes }: ProviderTraffic): number =>
  writes.size === 0 ? 1 : ([...writes.values()].reduce((sum, times) => sum + times, 0) + questions) / writes.size
