/**
 * Rate limits: who asks too often waits for a moment, and is then told to come back.
 *
 * Each address has a limit over everything that the API does, and tighter ones for signing up and logging in; each account
 * has one on orders. They are buckets in this node's memory, and, where all nodes share a store of Effect's rate limiters,
 * there as well: both must have room. A refusal costs less than what it refuses: it is made before the body is
 * read, counted instead of logged one by one, and kept nowhere. Health, status and operators are outside.
 */
import { Clock, Context, Duration, Effect, Layer } from "effect"
import type { HttpServerRequest } from "effect/http"
import { RateLimiter } from "effect/persistence"
import { monotonicMillis } from "../resilience/index.ts"
import { CurrentRequest } from "./CurrentRequest.ts"
import { RateLimited } from "./errors.ts"
import { Buckets, type Left } from "./rates/Buckets.ts"
import { type Caller, clientAddress, TrustedProxies } from "./rates/clientAddress.ts"
import { capacity, mostWaiting, type Rate, rates } from "./rates/Rate.ts"
import type { Standing } from "./rates/rateHeaders.ts"
import { reportRates } from "./rates/rateReport.ts"
import { type AskShared, makeSharedRates } from "./rates/SharedRates.ts"
import type { Traffic } from "./traffic.ts"

type Request = HttpServerRequest.HttpServerRequest

/** One request, as far as it is counted. */
export interface Counted {
  /** What it counted for is added. */
  readonly standings: Array<Standing>
  /** Called before it waits: what only work needs is not for who waits. */
  readonly aside: () => void
}

export class RateLimits extends Context.Service<
  RateLimits,
  {
    /** Where the request comes from, as limits and the delay at log in count it. */
    readonly addressOf: (caller: Caller) => string
    /**
     * Whether a request of this kind would not go at once for the limit of its address in this node: such a one is not let
     * in before it has waited. Counts nothing.
     */
    readonly mustWait: (caller: Caller, traffic: Traffic) => boolean
    /**
     * Counts a request of this kind for its address, and waits if it must. None: there is nothing to count.
     */
    readonly atDoor: (
      request: Request,
      traffic: Traffic,
      counted: Counted
    ) => Effect.Effect<void, RateLimited> | undefined
    /** Counts the current request for a limit that is known only inside: an account's, or that of all. */
    readonly count: (rate: Rate, key: string) => Effect.Effect<void, RateLimited>
  }
>()("holdfast/http/RateLimits") {
  static readonly layer = Layer.effect(
    RateLimits,
    Effect.gen(function* () {
      const addressOf = clientAddress(yield* TrustedProxies)
      const { mustWait, taken } = yield* makeTaken
      const both = (request: Request, tighter: Rate, counted: Counted) => {
        const address = addressOf(request)
        return Effect.andThen(taken(rates.address, address, counted), taken(tighter, address, counted))
      }
      return RateLimits.of({
        addressOf,
        mustWait: (caller, { priority }) => priority !== "outside" && mustWait(rates.address, addressOf(caller)),
        atDoor: (request, traffic, counted) => {
          if (traffic.priority === "outside") return undefined
          if (traffic.tighter !== undefined) return both(request, rates[traffic.tighter], counted)
          return taken(rates.address, addressOf(request), counted)
        },
        // Of what is counted inside, only log ins wait, and these have no room to give back: they hash.
        count: (rate, key) =>
          Effect.flatMap(CurrentRequest, ({ standings }) => taken(rate, key, { standings, aside: () => undefined }))
      })
    })
  )

  /** Counts nobody; for operators, and for trying things out. Still knows where a request comes from. */
  static readonly layerOff = Layer.effect(
    RateLimits,
    Effect.map(TrustedProxies, (proxies) => ({
      addressOf: clientAddress(proxies),
      mustWait: () => false,
      atDoor: () => undefined,
      count: () => Effect.void
    }))
  )
}

const makeTaken = Effect.gen(function* () {
  const buckets = new Buckets()
  const clock = yield* Clock.Clock
  const common = yield* Effect.serviceOption(RateLimiter.RateLimiterStore)
  const shared: AskShared | undefined = common._tag === "Some" ? yield* makeSharedRates(common.value) : undefined
  const counts = { address: 0, orders: 0, sign_up: 0, log_in: 0, log_ins: 0 }
  let waiting = 0
  yield* reportRates(counts, () => buckets.size)

  const refuse = (rate: Rate, waitMillis: number) => {
    counts[rate.name]++
    return Effect.fail(new RateLimited({ limit: rate.name, retryAfterSeconds: waitMillis / 1000 }))
  }
  const wait = (millis: number, { aside }: Counted) =>
    Effect.suspend(() => {
      waiting++
      aside()
      return Effect.ensuring(
        Effect.sleep(Duration.millis(millis)),
        Effect.sync(() => waiting--)
      )
    })

  /** What a bucket says: go, wait, or come back. */
  const obey = (rate: Rate, [left, elapsedMillis]: Left, counted: Counted) => {
    const { everyMillis } = rate
    counted.standings.push({
      rate,
      left: Math.max(0, Math.floor(left) - rate.waiting),
      wholeInMillis: Math.max(0, (capacity(rate) - Math.max(0, left)) * everyMillis - elapsedMillis)
    })
    if (left >= rate.waiting) return Effect.void
    const millis = Math.max(0, (rate.waiting - left) * everyMillis - elapsedMillis)
    return left < 0 || waiting >= mostWaiting ? refuse(rate, millis) : wait(millis, counted)
  }

  const mustWait = (rate: Rate, key: string): boolean => buckets.look(rate, key, monotonicMillis(clock)) <= rate.waiting

  const taken = (rate: Rate, key: string, counted: Counted): Effect.Effect<void, RateLimited> => {
    const own = Effect.suspend(() => obey(rate, buckets.take(rate, key, monotonicMillis(clock)), counted))
    if (shared === undefined) return own
    return Effect.andThen(
      own,
      Effect.flatMap(shared(rate, key), (answer) => {
        if (answer === "nobody answers") return Effect.void
        counted.standings.pop()
        return obey(rate, answer, counted)
      })
    )
  }
  return { mustWait, taken }
})
