/** Which states of an order its customer hears of by mail. One mail a state, however often the order comes through it. */
import { type MailKind, mailJob } from "../dependencies/email/mails.ts"
import type { OrderId, OrderStatus } from "./Order.ts"

const mails: Partial<Record<OrderStatus, MailKind>> = {
  requires_action: "order_action_needed",
  confirmed: "order_confirmed",
  cancelled: "order_cancelled",
  refunded: "order_refunded"
}

/** The jobs of the mails, for the transaction in which the order came to these states. */
export const orderMails = (id: OrderId, reached: ReadonlyArray<OrderStatus>) =>
  reached.flatMap((status) => {
    const kind = mails[status]
    return kind === undefined ? [] : [mailJob(kind, id)]
  })

/** The jobs of all mails that an order may ever give cause to. */
export const possibleMails = (id: string) => Object.values(mails).map((kind) => mailJob(kind, id))
