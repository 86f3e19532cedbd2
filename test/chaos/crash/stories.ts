/**
 * What one customer wants of the shop, told again from its beginning under the same keys until it is over.
 *
 * Each request is written into the customer's log before it is sent, and its answer after: the log is what the shop's
 * promises are held against. A shop that dies leaves the story where it is; it goes on in the shop's next life.
 */
import { Effect, Schedule } from "effect"
import { type Customer, request } from "../../main/client.ts"
import { type Body, asking, isDefinite, type Log, nobody } from "../customerLog.ts"

export type Kind = "accepted" | "declined" | "short" | "refused" | "cancelled" | "refunded"
export const kinds: ReadonlyArray<Kind> = ["accepted", "declined", "short", "refused", "cancelled", "refunded"]

export interface Story {
  readonly kind: Kind
  readonly key: string
  over: boolean
}

const carts: Record<Kind, object> = {
  accepted: { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" },
  refunded: { lines: [{ sku: "KITCHEN-SCALE-2", quantity: 1 }], payment_method: "pm_card_visa" },
  declined: { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_chargeDeclined" },
  short: { lines: [{ sku: "KITCHEN-PRESS-08", quantity: 2 }], payment_method: "pm_card_visa" },
  refused: { lines: [{ sku: "NOT-FOR-SALE", quantity: 1 }], payment_method: "pm_card_visa" },
  cancelled: {
    lines: [{ sku: "KITCHEN-SCALE-2", quantity: 1 }],
    payment_method: "pm_card_authenticationRequired"
  }
}

/** Waits that the server ends; the client waits longer. */
const waitSeconds = 5
const again = Schedule.spaced("100 millis")
/** The shop is away for longer when it died than when it is busy; its next life tells the story again. */
const patience = "90 seconds"

/** One request of a story under a key of its own; the status is 0 when nobody answered. */
const ask = (log: Log, { authorization, userId }: Customer, url: string, key: string, body: object, etag?: string) =>
  Effect.gen(function* () {
    const route = new URL(url).pathname.endsWith("/orders") ? "place" : "wish"
    // The log is about orders; a wish has no key that an order could have.
    const entry = asking(route === "place" ? log : new Map(), userId, key)
    const answer = yield* request<Body>(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization,
        "idempotency-key": key,
        prefer: `wait=${waitSeconds}`,
        ...(etag === undefined ? {} : { "if-match": etag })
      },
      body: JSON.stringify(body)
    })
    if (answer === undefined) return nobody
    entry.answers.push({ status: answer.status, body: answer.body })
    return { status: answer.status, body: answer.body }
  })

/** The order as soon as it is in one of these; undefined when the shop is gone. */
const until = (url: string, { authorization }: Customer, id: string, statuses: ReadonlyArray<string>) =>
  request<Body>(`${url}/v1/orders/${id}?wait=1`, { headers: { authorization } }).pipe(
    Effect.repeat({
      until: (seen) => seen === undefined || statuses.includes(String(seen.body.status)),
      schedule: again
    }),
    Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.undefined })
  )

const over = ["captured", "fulfilled", "refunded", "cancelled", "failed"]

/** Tells the story once. It is over when its last answer was definite and its order has come to its end. */
export const tell = (log: Log, url: string, who: Customer, story: Story) =>
  Effect.gen(function* () {
    const placed = yield* ask(log, who, `${url}/v1/orders`, story.key, carts[story.kind])
    const { id } = placed.body
    if (!isDefinite(placed)) return
    if (id === undefined || placed.status >= 400) {
      story.over = true
      return
    }
    const open = story.kind === "cancelled" ? ["requires_action", ...over] : over
    const seen = yield* until(url, who, id, open)
    if (seen === undefined) return
    if (story.kind === "cancelled" && seen.body.status === "requires_action") {
      const etag = seen.headers.get("etag") ?? ""
      const answer = yield* ask(log, who, `${url}/v1/orders/${id}/cancel`, `${story.key}-cancel`, {}, etag)
      if (!isDefinite(answer) || answer.status === 412) return
    }
    if (story.kind === "refunded" && seen.body.status === "captured") {
      const answer = yield* ask(log, who, `${url}/v1/orders/${id}/refunds`, `${story.key}-refund`, {})
      if (!isDefinite(answer)) return
    }
    if (story.kind === "cancelled" || story.kind === "refunded") {
      story.over = (yield* until(url, who, id, ["refunded", "cancelled", "failed"])) !== undefined
    } else story.over = true
  })
