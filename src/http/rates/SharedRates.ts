/**
 * The limits as all nodes count them together, where there is a store that they share (`RateLimiterStore`).
 *
 * A node takes a few requests' worth at a time and spends them within a second, so that who asks often costs one question
 * for ten requests; of a bucket that is nearly empty it takes what is wanted now, and leaves the rest to other nodes. One
 * question at a time is under way for each whom it counts, and whoever comes meanwhile waits for its answer: a refusal is
 * for all of them, and if what was taken is not enough, the next question takes for all who still wait. So nobody waits
 * for more than two. A store that does not answer counts nobody: the node's own limits hold on. What it is told is a keyed
 * hash of whom it counts, never an address.
 */
import { createHmac } from "node:crypto"
import { Clock, Deferred, Duration, Effect } from "effect"
import type { RateLimiter } from "effect/persistence"
import { monotonicMillis } from "../../resilience/index.ts"
import { AppSecret, deriveKey } from "../../users/AppSecret.ts"
import type { Left } from "./Buckets.ts"
import { capacity, type Rate } from "./Rate.ts"

/** What was taken and not spent by then is lost: a node that stops hardly takes anything with it. */
const leaseMillis = 1_000
/** So many at a time; then those that are over go, and if none is, all: they cost a question each. */
const mostKnown = 10_000

/** What a node knows of a common bucket. */
interface Known {
  /** Taken, and not spent. */
  tokens: number
  /** What was in the common bucket then, and since when it had been filling. */
  readonly left: number
  readonly filledAt: number
  readonly endsAt: number
}

/** How much is left in the common bucket (negative: refused), or why it is not known. */
type Answer = Left | "nobody answers"

/** Asked for somebody at this moment. It is over with an answer that is for all who wait, or they see what was taken. */
interface Question {
  readonly over: Deferred.Deferred<Answer | undefined>
  waiting: number
}

export type AskShared = (rate: Rate, whom: string) => Effect.Effect<Answer>

/** What is in the common bucket now, if no other node took anything. */
const look = (known: Known, rate: Rate, now: number): Left => {
  const filled = Math.floor((now - known.filledAt) / rate.everyMillis)
  return [known.left + filled, now - known.filledAt - filled * rate.everyMillis]
}

/** Each request as if it had been counted alone: who spends the first of a lease had the most left. */
const spend = (known: Known, rate: Rate, now: number): Left => {
  known.tokens--
  const [left, elapsedMillis] = look(known, rate, now)
  return [Math.min(capacity(rate), left + known.tokens), elapsedMillis]
}

/** With fewer in the bucket somebody already waits, or would. */
const hasForLease = (known: Known, rate: Rate, now: number): boolean =>
  look(known, rate, now)[0] >= rate.waiting + rate.leased

export const makeSharedRates = Effect.fnUntraced(function* (store: RateLimiter.RateLimiterStore["Service"]) {
  const mac = yield* deriveKey((yield* AppSecret).current, "rate-limits")
  const clock = yield* Clock.Clock
  const known = new Map<string, Known>()
  const questions = new Map<string, Question>()
  const hashed = (key: string) => createHmac("sha256", mac).update(key).digest().subarray(0, 16).toString("base64url")

  const find = (key: string, now: number): Known | undefined => {
    const found = known.get(key)
    return found === undefined || found.endsAt <= now ? undefined : found
  }
  const keep = (key: string, tokens: number, [left, elapsedMillis]: Left) => {
    const now = monotonicMillis(clock)
    if (known.size >= mostKnown) for (const [each, { endsAt }] of known) if (endsAt <= now) known.delete(each)
    if (known.size >= mostKnown) known.clear()
    known.set(key, { tokens, left, filledAt: now - elapsedMillis, endsAt: now + leaseMillis })
  }

  /** Takes so many; if there are not as many, those that there are, and no more than are wanted now. */
  const take = (rate: Rate, key: string, tokens: number, wanted: number): Effect.Effect<Answer> =>
    store
      .tokenBucket({
        key: hashed(key),
        tokens,
        limit: capacity(rate),
        refillRate: Duration.millis(rate.everyMillis),
        allowOverflow: false
      })
      .pipe(
        Effect.flatMap(([left, elapsedMillis]) => {
          const there = left + tokens
          // Fewer each time: it ends.
          if (left < 0 && there >= 1) return take(rate, key, Math.min(wanted, there), wanted)
          if (left >= 0) keep(key, tokens - 1, [left, elapsedMillis])
          else keep(key, 0, [there, elapsedMillis])
          return Effect.succeed<Answer>([there - 1, elapsedMillis])
        }),
        Effect.catch(() => Effect.succeed<Answer>("nobody answers"))
      )

  const put = (rate: Rate, key: string, tokens: number, wanted: number): Effect.Effect<Answer> => {
    const question: Question = { over: Deferred.makeUnsafe(), waiting: 0 }
    questions.set(key, question)
    let forAll: Answer | undefined
    return take(rate, key, tokens, wanted).pipe(
      Effect.map((answer) => {
        if (answer === "nobody answers" || answer[0] < 0) forAll = answer
        return answer
      }),
      // Also when he who asked has left: then another of those who wait asks.
      Effect.ensuring(
        Effect.sync(() => {
          questions.delete(key)
          Deferred.doneUnsafe(question.over, Effect.succeed(forAll))
        })
      )
    )
  }

  const asked = (rate: Rate, key: string, behind: number): Effect.Effect<Answer> =>
    Effect.suspend(() => {
      const now = monotonicMillis(clock)
      const before = find(key, now)
      if (before !== undefined && before.tokens > 0) return Effect.succeed(spend(before, rate, now))
      const question = questions.get(key)
      if (question === undefined) {
        const wanted = Math.min(capacity(rate), behind + 1)
        const isPlenty = before === undefined || hasForLease(before, rate, now)
        return put(rate, key, isPlenty ? Math.max(rate.leased, wanted) : wanted, wanted)
      }
      question.waiting++
      return Deferred.await(question.over).pipe(
        Effect.ensuring(Effect.sync(() => question.waiting--)),
        Effect.flatMap((answer) => (answer === undefined ? asked(rate, key, question.waiting) : Effect.succeed(answer)))
      )
    })

  const ask: AskShared = (rate, whom) => asked(rate, `${rate.name}:${whom}`, 0)
  return ask
})
