/** A queue on PostgreSQL, as the measurement sees it. Each has a database of its own on the same server. */
export interface Contestant {
  readonly name: string
  /** Adds `count` jobs, one a transaction that also inserts a row of business, `atOnce` transactions at a time. */
  readonly enqueueInTransactions: (count: number, atOnce: number) => Promise<void>
  /** An empty queue, then this many due jobs and this many dead ones in it. */
  readonly fill: (due: number, dead: number) => Promise<void>
  /** Begins to work, 50 jobs at once, each settled for itself. Calls `onJob` for every job. */
  readonly work: (onJob: () => void) => Promise<() => Promise<void>>
  /** Adds one job, outside of a transaction. */
  readonly enqueue: () => Promise<void>
  readonly close: () => Promise<void>
}

export const atOnce = 50
/** Jobs that a worker may take at a time: the same for everybody. */
export const batch = 500
