/** Who ordered something, why, and until when. */
import { DateTime } from "effect"
import type { Override } from "../../../../resilience/index.ts"
import { markup } from "../../../markup.ts"
import { time } from "../shown.ts"

export const ordered = (order: Override | undefined) =>
  order !== undefined &&
  markup`<br /><small class="soft">${order.actor}:
    ${order.reason}${order.until !== undefined && markup`, until ${time(DateTime.makeUnsafe(order.until))}`}${
      !order.persisted && ", on this node only until the database is back"
    }</small>`
