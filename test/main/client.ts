/**
 * A customer of the real shop, over HTTP: signs up, logs in, orders, looks. And a look into the provider's books.
 *
 * A shop that is killed gives no answer; that is a value here (`undefined`), because it is what these tests are about.
 */
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { leaseSeconds } from "../../src/jobs/Job.ts"
import type { LedgerEntry } from "../../src/sandbox/payments/objects.ts"
import { eventually } from "../eventually.ts"

export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

export interface Problem {
  readonly code: string
  readonly status: number
}
export interface PlacedOrder {
  readonly id: string
  readonly status: string
  readonly lines: ReadonlyArray<object>
  readonly total: number
  readonly failure?: { readonly code: string }
}

/** No answer to a test takes longer than this; a request that waits for an outcome says so itself. */
const answersWithinMillis = 15_000

/** `undefined` when nobody answered. What the body is, the caller knows from the status. */
export const request = <Body>(url: string, init: RequestInit = {}): Effect.Effect<Answer<Body> | undefined> =>
  Effect.tryPromise(async (signal) => {
    const answer = await fetch(url, {
      ...init,
      signal: AbortSignal.any([signal, AbortSignal.timeout(answersWithinMillis)])
    })
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body }
  }).pipe(Effect.catch(() => Effect.undefined))

const answered = <Body>(url: string, init?: RequestInit): Effect.Effect<Answer<Body>> =>
  Effect.filterOrElse(
    request<Body>(url, init),
    (answer) => answer !== undefined,
    () => Effect.die(new Error(`nobody answered at ${url}`))
  )

const json = { "content-type": "application/json" }
const post = (body: object, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { ...json, ...headers },
  body: JSON.stringify(body)
})

export const customer = Effect.fnUntraced(function* (url: string) {
  const name = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV4())
  const account = { email: `${name}@example.com`, password: `a password of ${name}` }
  const user = yield* answered<{ readonly id: string }>(`${url}/v1/users`, post({ ...account, name: "Grace Hopper" }))
  const session = yield* answered<{ readonly token: string }>(`${url}/v1/sessions`, post(account))
  return { userId: user.body.id, authorization: `Bearer ${session.body.token}`, account }
}, Effect.provide(SecureRandom.layerWebCrypto))

export type Customer = Effect.Success<ReturnType<typeof customer>>

export interface OrderOptions {
  readonly key: string
  /** Seconds that the request waits for an outcome; default 5. */
  readonly wait?: number
  readonly sku?: string
  readonly paymentMethod?: string
}

/** One kettle, unless said otherwise. */
export const placeOrder = (url: string, { authorization }: Customer, { key, paymentMethod, sku, wait }: OrderOptions) =>
  request<PlacedOrder & Problem>(
    `${url}/v1/orders`,
    post(
      { lines: [{ sku: sku ?? "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: paymentMethod ?? "pm_card_visa" },
      { authorization, "idempotency-key": key, prefer: `wait=${wait ?? 5}` }
    )
  )

export const readOrder = (url: string, { authorization }: Customer, id: string) =>
  Effect.map(answered<PlacedOrder>(`${url}/v1/orders/${id}`, { headers: { authorization } }), ({ body }) => body)

export const listOrders = (url: string, { authorization }: Customer) =>
  Effect.map(
    answered<{ readonly data: ReadonlyArray<PlacedOrder> }>(`${url}/v1/orders?limit=100`, {
      headers: { authorization }
    }),
    ({ body }) => body.data
  )

/** Waits until all of somebody's orders are, or for a killed worker's lease and then some. */
export const untilAllCaptured = (url: string, who: Customer) =>
  eventually(listOrders(url, who), (orders) => orders.every(({ status }) => status === "captured"), {
    every: "250 millis",
    within: `${leaseSeconds + 45} seconds`
  })

/** What the provider did for an order, in order. */
export const ledger = (sandboxUrl: string, orderId: string) =>
  Effect.map(
    answered<{ readonly data: ReadonlyArray<LedgerEntry> }>(`${sandboxUrl}/_sandbox/ledger?order_id=${orderId}`),
    ({ body }) => body.data.map((entry) => entry.type)
  )

export const fault = (sandboxUrl: string, body: object) =>
  Effect.asVoid(answered(`${sandboxUrl}/_sandbox/faults`, post(body)))

interface Checked {
  readonly checks: Readonly<Record<string, { readonly status: string } | undefined>>
}

/** From then on the shop shows and quotes its catalogue without the database. */
export const untilCatalogueIsKnown = (url: string) =>
  eventually(request<Checked>(`${url}/health`), (answer) => answer?.body.checks["cache"]?.status === "ok", {
    within: "30 seconds"
  })
