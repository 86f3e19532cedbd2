/**
 * An event of the payment provider, reduced to ids: what happened is not taken from it, only which order to look at.
 *
 * Events may be late, doubled, out of order or forged by a leaked secret; so whoever is woken by one asks the provider
 * how things stand. Members that are not known here are ignored, as are events that are about no payment.
 */
import { Option, Schema } from "effect"
import { OrderId } from "../Order.ts"

export interface PaymentEvent {
  readonly provider: "stripe"
  readonly id: string
  readonly type: string
  /** Absent when the event is about no payment. */
  readonly paymentId: string | undefined
  /** As the payment's metadata says. */
  readonly claimedOrderId: OrderId | undefined
}

const Id = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,255}$/))

const Event = Schema.Struct({
  id: Id,
  type: Schema.String.check(Schema.isPattern(/^[a-z0-9_.]{1,100}$/)),
  data: Schema.Struct({ object: Schema.Record(Schema.String, Schema.Unknown) })
})
const decodeEvent = Schema.decodeUnknownOption(Schema.fromJsonString(Event))
const decodeId = Schema.decodeUnknownOption(Id)
const decodeClaim = Schema.decodeUnknownOption(Schema.Struct({ order_id: OrderId }))

/** None when this is no event at all. */
export const readEvent = (body: Uint8Array): Option.Option<PaymentEvent> =>
  Option.map(decodeEvent(new TextDecoder().decode(body)), ({ id, type, data: { object } }) => ({
    provider: "stripe",
    id,
    type,
    // A charge, a refund and a dispute name the payment that they belong to.
    paymentId: Option.getOrUndefined(
      decodeId(object["object"] === "payment_intent" ? object["id"] : object["payment_intent"])
    ),
    claimedOrderId: Option.getOrUndefined(Option.map(decodeClaim(object["metadata"]), ({ order_id }) => order_id))
  }))

export const isAboutPayment = ({ claimedOrderId, paymentId }: PaymentEvent): boolean =>
  paymentId !== undefined || claimedOrderId !== undefined
