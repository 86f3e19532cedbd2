/**
 * Where the customer's browser goes after approving a payment at their bank: a page of the shop's front end.
 *
 * One for all orders and all time: it is part of what is sent under an order's key, and a key means one request.
 */
import { Context } from "effect"

export const ReturnUrl = Context.Reference<string>("holdfast/orders/ReturnUrl", {
  defaultValue: () => "http://localhost:3000/"
})
