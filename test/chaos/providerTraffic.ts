/**
 * What passes on the wire to the providers: how often they were asked, and under which keys. A witness that neither
 * the shop nor the provider can touch.
 *
 * A request's head comes in one piece, at the beginning of what was sent.
 */
export interface ProviderTraffic {
  /** Requests that write, by their key. */
  readonly writes: ReadonlyMap<string, number>
  /** Requests that only ask. */
  readonly questions: number
  /** The keys of the mails that the email provider was asked to send. */
  readonly mails: ReadonlySet<string>
}

const mail = /^POST \/resend\/emails HTTP/
const head = /^(GET|POST) \/v1\/(?:payment_intents|refunds)\S* HTTP/
const keyIn = /\r\nidempotency-key: *(\S+)\r\n/i

export const makeProviderTraffic = () => {
  const writes = new Map<string, number>()
  const mails = new Set<string>()
  let questions = 0
  const keyOf = (text: string) => keyIn.exec(text)?.[1] ?? "none"
  return {
    hear: (chunk: Buffer) => {
      const text = chunk.toString("latin1")
      const method = head.exec(text)?.[1]
      if (method === "GET") questions += 1
      if (method === "POST") writes.set(keyOf(text), (writes.get(keyOf(text)) ?? 0) + 1)
      if (mail.test(text)) mails.add(keyOf(text))
    },
    seen: (): ProviderTraffic => ({ writes: new Map(writes), questions, mails: new Set(mails) })
  }
}

/** Requests for each operation: repeated writes and questions count, operations are the keys. 1 when nobody erred. */
export const callsPerOperation = ({ questions, writes }: ProviderTraffic): number =>
  writes.size === 0 ? 1 : ([...writes.values()].reduce((sum, times) => sum + times, 0) + questions) / writes.size
