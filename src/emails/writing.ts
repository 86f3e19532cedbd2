/**
 * Writes the mail of a job: looks up whom it is for and what it is about, as they are now.
 *
 * Nothing, when there is nothing to say any more: a customer who has approved the payment meanwhile is not asked to.
 */
import { Effect, Option } from "effect"
import type { Mail } from "../dependencies/email/Email.ts"
import type { MailKind } from "../dependencies/email/mails.ts"
import { OrderNotFound } from "../orders/errors.ts"
import { type Order, OrderId } from "../orders/Order.ts"
import { OrderStore } from "../orders/OrderStore.ts"
import { type User, UserId } from "../users/User.ts"
import { Users } from "../users/Users.ts"
import * as Words from "./words.ts"

const addressed = ({ email }: User, { subject, text }: Words.Words): Mail => ({ to: email, subject, text })

const aboutOrder = (kind: Exclude<MailKind, "welcome">, user: User, order: Order): Option.Option<Words.Words> => {
  switch (kind) {
    case "order_confirmed":
      return Option.some(Words.orderConfirmed(user, order))
    case "order_cancelled":
      return Option.some(Words.orderCancelled(user, order))
    case "order_refunded":
      return Option.some(Words.orderRefunded(user, order))
    case "order_action_needed":
      return Option.map(Option.fromUndefinedOr(order.payment.nextAction), ({ url }) =>
        Words.orderActionNeeded(user, order, url)
      )
  }
}

export const mailWriter = Effect.gen(function* () {
  const users = yield* Users
  const orders = yield* OrderStore

  return Effect.fnUntraced(function* (kind: MailKind, about: string) {
    if (kind === "welcome") {
      const user = yield* users.find(UserId.make(about))
      return Option.some(addressed(user, Words.welcome(user)))
    }
    const id = OrderId.make(about)
    const found = yield* orders.find(id)
    if (Option.isNone(found)) return yield* new OrderNotFound({ orderId: id })
    const user = yield* users.find(found.value.userId)
    return Option.map(aboutOrder(kind, user, found.value.order), (words) => addressed(user, words))
  })
})
