/**
 * Effect's store of a rate limiter, in the memory of this node, and bounded.
 *
 * Its buckets are in two generations: what was not asked for while the younger one filled up is forgotten, so that
 * somebody with endless addresses costs a few megabytes and no more. Who is forgotten starts with a full bucket; whoever
 * asks often is not. Time is monotonic: a clock that is set back gives nobody less than before.
 */
import { Clock, Duration, Effect } from "effect"
import { RateLimiter } from "effect/persistence"
import { monotonicMillis } from "../../resilience/index.ts"

/** About 150 bytes each: at most 15 MB. More addresses at a time than a node has connections. */
const mostBuckets = 100_000

interface Bucket {
  tokens: number
  filledAt: number
}

class Buckets {
  private young = new Map<string, Bucket>()
  private old = new Map<string, Bucket>()
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.young.size + this.old.size
  }

  find(key: string): Bucket | undefined {
    return this.young.get(key) ?? this.old.get(key)
  }

  of(key: string, limit: number, now: number): Bucket {
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

const filledSince = ({ filledAt }: Bucket, everyMillis: number, now: number) =>
  Math.floor((now - filledAt) / everyMillis)

/** What no limit of the door uses. */
const unused = Effect.die(new Error("The door's limits are token buckets."))

export const makeBucketStore = (most = mostBuckets) => {
  const buckets = new Buckets(most)
  const store = RateLimiter.RateLimiterStore.of({
    tokenBucket: ({ allowOverflow, key, limit, refillRate, tokens }) =>
      Effect.map(Clock.Clock, (clock) => {
        const now = monotonicMillis(clock)
        const every = Duration.toMillis(refillRate)
        const bucket = buckets.of(key, limit, now)
        const filled = filledSince(bucket, every, now)
        if (filled > 0) {
          bucket.tokens = Math.min(limit, bucket.tokens + filled)
          bucket.filledAt += filled * every
        }
        if (bucket.tokens >= limit) bucket.filledAt = now
        const left = bucket.tokens - tokens
        if (allowOverflow || left >= 0) bucket.tokens = left
        return [left, now - bucket.filledAt] as const
      }),
    fixedWindow: () => unused,
    adaptiveConsume: () => unused,
    adaptiveFeedback: () => unused
  })
  /** What is in a bucket at this moment. Nothing is taken, and who was only looked for is not remembered. */
  const left = (key: string, limit: number, everyMillis: number, now: number): number => {
    const bucket = buckets.find(key)
    return bucket === undefined ? limit : Math.min(limit, bucket.tokens + filledSince(bucket, everyMillis, now))
  }
  return { store, left, size: () => buckets.size }
}
