/**
 * Every point of an order's life at which a crash is tried: before and after each durable write and each call outside.
 *
 * A wish (placing, cancelling, refunding, a refusal that is kept) has four points: before its transaction, with its key
 * claimed, with all written and not committed, and committed. A step of the saga has two for each of its writes, two for
 * its commit, two for telling who waits; a call to the payment provider, or to a stock keeper elsewhere, has two. What cannot be brought about in a minute has
 * none here: the search of the machine covers it.
 */
import type { Effect } from "effect"
import { jobCrashPoints, reach } from "../jobs/crashPoints.ts"
import type { Change } from "./sagaRecord.ts"

const wishes = ["orders.place", "orders.refuse", "orders.cancel", "orders.refund"] as const
const stages = ["before", "claimed", "written", "committed"] as const
const payments = ["create", "confirm", "capture", "cancel", "refund"] as const
const goods = ["reserve", "hold", "commit", "release", "restock"] as const
const operations = [...payments, ...goods] as const
const changes = [
  "reserve",
  "hold",
  "commit_stock",
  "release_stock",
  "restock",
  "stock_answered",
  "provider_id",
  "status"
] as const
const sides = ["before", "after"] as const

export type Wish = (typeof wishes)[number]
type Side = (typeof sides)[number]
export type CrashPoint =
  | `${Wish}.${(typeof stages)[number]}`
  | `write.${(typeof changes)[number]}.${Side}`
  | `write.mark_${(typeof operations)[number]}.${Side}`
  | `write.settle_${(typeof payments)[number]}.${Side}`
  | `send.${(typeof operations)[number]}.${Side}`
  | `${"ask" | "step.commit" | "announce"}.${Side}`

/** All of them, by name. */
export const crashPoints: ReadonlyArray<CrashPoint | (typeof jobCrashPoints)[number]> = [
  ...wishes.flatMap((wish) => stages.map((stage) => `${wish}.${stage}` as const)),
  ...changes.flatMap((change) => sides.map((side) => `write.${change}.${side}` as const)),
  ...operations.flatMap((operation) => sides.map((side) => `write.mark_${operation}.${side}` as const)),
  ...payments.flatMap((operation) => sides.map((side) => `write.settle_${operation}.${side}` as const)),
  ...operations.flatMap((operation) => sides.map((side) => `send.${operation}.${side}` as const)),
  ...(["ask", "step.commit", "announce"] as const).flatMap((each) => sides.map((side) => `${each}.${side}` as const)),
  ...jobCrashPoints
]

const ofGoodsElsewhere = new RegExp(`^write\\.stock_answered|^(send\\.|write\\.mark_)(${goods.join("|")})\\.`)
/** A shop whose goods are kept in its own table never comes to these. */
export const isElsewhere = (point: string): boolean => ofGoodsElsewhere.test(point)

export const reachOrderPoint = (name: CrashPoint): Effect.Effect<void> => reach(name)

const names = {
  Reserve: "reserve",
  Hold: "hold",
  CommitStock: "commit_stock",
  ReleaseStock: "release_stock",
  Restock: "restock",
  StockAnswered: "stock_answered",
  ProviderId: "provider_id",
  Status: "status",
  // These two need a payment that nobody can find, or that was captured behind a cancel.
  SearchedEmpty: undefined,
  RequestRefund: undefined
} as const satisfies Record<Exclude<Change["_tag"], "MarkSent" | "Settle">, string | undefined>

/** The point beside the write of a change, if it has one. */
export const pointOf = (change: Change, side: Side): CrashPoint | undefined => {
  if (change._tag === "MarkSent") return `write.mark_${change.operation}.${side}`
  if (change._tag === "Settle") return `write.settle_${change.operation}.${side}`
  const name = names[change._tag]
  return name === undefined ? undefined : `write.${name}.${side}`
}
