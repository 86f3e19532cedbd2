/** An error on one occasion: the problem that its row makes of it. Pure; who it is for and when comes from outside. */
import type { AppError } from "../errors.ts"
import type { Problem } from "./Problem.ts"
import type { Row } from "./problems.ts"

export interface Occasion {
  readonly requestId: string
  readonly timestamp: string
  /** GET and HEAD change nothing, whatever became of them. */
  readonly safe: boolean
  /** The path of what the request had made durable before it failed. */
  readonly committed?: string | undefined
}

/** An outage may be over earlier than anybody thinks: nobody is sent away for longer than a minute. */
const longestSecondsDown = 60

/**
 * Seconds, whole, 1 or more, jittered by up to a fifth so that those who were refused together do not come back together.
 * Who asked too often waits for as long as it takes.
 */
export const retryAfter = (status: number, seconds: number, random: number): number =>
  Math.min(status === 429 ? Infinity : longestSecondsDown, Math.max(1, Math.ceil(seconds * (1 + random / 5))))

/** The problem that an error becomes on one occasion. */
export const problemOf = <E extends AppError>(
  error: E,
  row: Row<E>,
  occasion: Occasion,
  retryAfterSeconds?: number
): Problem => {
  const shown = row.shows?.(error) ?? {}
  return {
    type: `/problems/${row.code}`,
    title: row.title,
    status: row.status,
    detail: error.message,
    instance: `/requests/${occasion.requestId}`,
    code: row.code,
    category: error.category,
    request_id: occasion.requestId,
    timestamp: occasion.timestamp,
    retry: row.retry,
    side_effects: "none",
    ...shown,
    ...(occasion.safe && shown.side_effects === "unknown" ? { side_effects: "none" as const } : {}),
    ...(occasion.committed === undefined || shown.resource !== undefined
      ? {}
      : { side_effects: "committed" as const, resource: occasion.committed }),
    ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds })
  }
}
