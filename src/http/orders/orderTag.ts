/**
 * The ETag of an order: strong, it moves with whatever a client can see. That a payment is in doubt shows by time alone,
 * without a version.
 */
import type { Order } from "../../orders/Order.ts"

export const orderTag = ({ status, version }: Pick<Order, "status" | "version">): string =>
  status === "payment_in_doubt" ? `"${version}-in-doubt"` : `"${version}"`

/** No version of an order is this one. */
const noVersion = -1

/** The version in a tag. A weak tag, and one that is not ours, is no version of any order. */
export const versionIn = (tag: string): number => Number(/^"(\d{1,15})(?:-in-doubt)?"$/.exec(tag)?.[1] ?? noVersion)
