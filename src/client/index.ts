/** `holdfast/client`: the API as typed methods that repeat what may be repeated, and fail with what the server says. */
import { make } from "./calls.ts"

export type { CallOptions, Client, ClientOptions } from "./Client.ts"
export { NoAnswer, NotSent, Refused, UnknownProblem } from "./failures.ts"
export { ProductId, Sku } from "../catalog/Product.ts"
export { OrderId } from "../orders/Order.ts"
export { Email } from "../users/Email.ts"
export { Name, UserId } from "../users/User.ts"

/** `yield* HoldfastClient.make({ baseUrl, token })` */
export const HoldfastClient = { make }
