/**
 * The mails that the shop writes, and the job that sends each: enqueued in the transaction that makes it necessary.
 *
 * One mail per kind and what it is about: its key is the job's and the provider's idempotency key. The job carries ids
 * only; who it goes to, and its words, are looked up when it runs first.
 */
export const mailKinds = [
  "welcome",
  "order_confirmed",
  "order_action_needed",
  "order_cancelled",
  "order_refunded"
] as const
export type MailKind = (typeof mailKinds)[number]

export const mailQueue = "emails"

/** `about` is the id of a user or of an order. */
export const mailJob = (kind: MailKind, about: string) => ({
  queue: mailQueue,
  key: `${kind.replaceAll("_", "-")}/${about}`,
  payload: { kind, about }
})
