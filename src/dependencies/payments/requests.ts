/**
 * What is asked of the provider for each operation. Pure: one set of inputs is one request, so a repetition under the
 * same key is the same request to the letter (anything else would be refused).
 *
 * A write carries its order and its key as metadata too, so that what it made can be found without its answer.
 */
import type { ProviderRequest } from "./exchange.ts"
import type { PaymentReference } from "./Payment.ts"
import type { ConfirmPayment, CreatedBetween, CreatePayment, RefundPayment } from "./Payments.ts"
import { keyMetadata, orderMetadata } from "./stripeObjects.ts"

type Request = Omit<ProviderRequest, "key">
type Parameters = Request["parameters"]

/** The most that one page may hold. */
const pageSize = "100"
const intents = "/v1/payment_intents"

const post = (path: string, parameters: Parameters): Request => ({ method: "POST", path, parameters })
const get = (path: string, parameters: Parameters): Request => ({ method: "GET", path, parameters })
const at = (paymentId: string, verb = "") => `${intents}/${encodeURIComponent(paymentId)}${verb}`
/** A value inside the search's quotes. */
const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`

const traces = (orderId: string, key: string): Parameters => ({
  [`metadata[${orderMetadata}]`]: orderId,
  [`metadata[${keyMetadata}]`]: key
})

/** Holds nothing yet (`confirm=false`), and will only hold when confirmed (`capture_method=manual`). */
export const createRequest = ({ amount, key, orderId, paymentMethod }: CreatePayment) =>
  post(intents, {
    amount: String(amount.amountCents),
    currency: amount.currency.toLowerCase(),
    capture_method: "manual",
    confirm: "false",
    payment_method: paymentMethod,
    "allowed_payment_method_types[0]": "card",
    ...traces(orderId, key)
  })

export const confirmRequest = ({ payment, returnUrl }: ConfirmPayment) =>
  post(at(payment.paymentId, "/confirm"), returnUrl === undefined ? {} : { return_url: returnUrl })

export const captureRequest = ({ amount, paymentId }: PaymentReference) =>
  post(at(paymentId, "/capture"), { amount_to_capture: String(amount.amountCents) })

export const cancelRequest = ({ paymentId }: PaymentReference) => post(at(paymentId, "/cancel"), {})

export const refundRequest = ({ amountCents, key, payment }: RefundPayment) =>
  post("/v1/refunds", {
    payment_intent: payment.paymentId,
    amount: String(amountCents),
    ...traces(payment.orderId, key)
  })

export const retrieveRequest = (paymentId: string) => get(at(paymentId), {})

export const refundsRequest = (paymentId: string) => get("/v1/refunds", { payment_intent: paymentId, limit: pageSize })

export const searchRequest = (orderId: string) =>
  get(`${intents}/search`, { query: `metadata['${orderMetadata}']:${quoted(orderId)}`, limit: pageSize })

export const createdBetweenRequest = ({ after, fromSeconds, untilSeconds }: CreatedBetween) =>
  get(intents, {
    limit: pageSize,
    "created[gte]": String(fromSeconds),
    "created[lte]": String(untilSeconds),
    ...(after === undefined ? {} : { starting_after: after })
  })
