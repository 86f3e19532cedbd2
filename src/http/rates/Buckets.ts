/**
 * The buckets of this node, in its memory, and bounded.
 *
 * They are in two generations: what was not asked for while the younger one filled up is forgotten, so that somebody with
 * endless addresses costs a few megabytes and no more. Who is forgotten starts with a full bucket; whoever asks often is
 * not. Times are monotonic milliseconds: a clock that is set back gives nobody less than before.
 */
import { capacity, type Rate } from "./Rate.ts"

/** About 150 bytes each: at most 15 MB. More addresses at a time than a node has connections. */
const mostBuckets = 100_000

/** How much is left in a bucket after one was taken (negative: nothing was), and for how long the next one has been filling. */
export type Left = readonly [left: number, elapsedMillis: number]

interface Bucket {
  tokens: number
  filledAt: number
}

const filledSince = ({ filledAt }: Bucket, { everyMillis }: Rate, now: number) =>
  Math.floor((now - filledAt) / everyMillis)

const keyOf = ({ name }: Rate, whom: string) => `${name}:${whom}`

export class Buckets {
  private young = new Map<string, Bucket>()
  private old = new Map<string, Bucket>()
  private readonly most: number

  constructor(most = mostBuckets) {
    this.most = most
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  take(rate: Rate, whom: string, now: number): Left {
    const limit = capacity(rate)
    const bucket = this.of(keyOf(rate, whom), limit, now)
    const filled = filledSince(bucket, rate, now)
    if (filled > 0) {
      bucket.tokens = Math.min(limit, bucket.tokens + filled)
      bucket.filledAt += filled * rate.everyMillis
    }
    if (bucket.tokens >= limit) bucket.filledAt = now
    const left = bucket.tokens - 1
    if (left >= 0) bucket.tokens = left
    return [left, now - bucket.filledAt]
  }

  /** What is in a bucket at this moment. Nothing is taken, and who was only looked for is not remembered. */
  look(rate: Rate, whom: string, now: number): number {
    const key = keyOf(rate, whom)
    const bucket = this.young.get(key) ?? this.old.get(key)
    if (bucket === undefined) return capacity(rate)
    return Math.min(capacity(rate), bucket.tokens + filledSince(bucket, rate, now))
  }

  private of(key: string, limit: number, now: number): Bucket {
    const young = this.young.get(key)
    if (young !== undefined) return young
    const bucket = this.old.get(key) ?? { tokens: limit, filledAt: now }
    if (this.young.size >= this.most / 2) {
      this.old = this.young
      this.young = new Map()
    }
    this.young.set(key, bucket)
    return bucket
  }
}
