/**
 * Customers in numbers: as many as the shop can serve, or a share of that, at a rate that does not depend on its answers.
 * Each wants one order and waits for its outcome; who gets no good answer asks again under its key, three times at most,
 * later each time and at a random moment. What each was told goes to the judge.
 */
import { Clock, Effect, Random } from "effect"
import { request } from "../main/client.ts"
import { atRate } from "./atRate.ts"
import { asking, type Body, isDefinite, isGood } from "./customerLog.ts"
import { isDeferredId } from "./deferred.ts"
import type { Traffic } from "./load.ts"
import type { World } from "./World.ts"

/** One customer's wish and what became of it, whichever of the attempts it was. */
export interface Wish {
  /** When it began, milliseconds. */
  readonly at: number
  /** Answered well (2xx, or that the card is declined) by one of the attempts, each within its deadline. */
  readonly served: boolean
  /** Told the outcome, and not only that the order was taken. */
  readonly outcome: boolean
  readonly attempts: number
}

/** As the API publishes it, and the time that the customer waits for an outcome. */
const [deadlineMillis, waitSeconds] = [5_000, 3]
const attemptsAtMost = 4
/** Before the second attempt it waits up to this long, before each later one up to twice as long. */
const firstPauseMillis = 500
/** Customers at once; who finds so many goes away unserved. */
const mostAtOnce = 1_500

const body = JSON.stringify({ lines: [{ sku: "GIFT-CARD-SLEEVE", quantity: 1 }], payment_method: "pm_card_visa" })

export const makeDrive = (world: World, traffic: Traffic, name: string) => {
  const wishes: Array<Wish> = []
  let [number, atOnce] = [0, 0]

  const attempt = Effect.fnUntraced(function* (key: string, who: World["customers"][number]) {
    const entry = asking(traffic.log, who.userId, key)
    const began = yield* Clock.currentTimeMillis
    const answer = yield* request<Body>(`${world.url}/v1/orders`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: who.authorization,
        "idempotency-key": key,
        prefer: `wait=${waitSeconds}`
      },
      body
    })
    const millis = (yield* Clock.currentTimeMillis) - began
    if (answer === undefined) return { served: false, outcome: false }
    entry.answers.push({ status: answer.status, body: answer.body })
    const served = isDefinite(answer) && millis <= deadlineMillis + waitSeconds * 1000
    const later = answer.status === 202 || isDeferredId(answer.body.id ?? "")
    return { served, outcome: served && isGood(answer) && !later }
  })

  const wish = Effect.gen(function* () {
    const at = yield* Clock.currentTimeMillis
    const key = `${name}-${number++}`
    const who = world.customers[number % world.customers.length]
    if (who === undefined || atOnce >= mostAtOnce)
      return void wishes.push({ at, served: false, outcome: false, attempts: 0 })
    atOnce += 1
    let attempts = 1
    let told = yield* attempt(key, who)
    for (; !told.served && attempts < attemptsAtMost; attempts++) {
      yield* Effect.sleep((yield* Random.next) * firstPauseMillis * 2 ** (attempts - 1))
      told = yield* attempt(key, who)
    }
    atOnce -= 1
    wishes.push({ at, ...told, attempts })
  })

  return {
    wishes,
    /** So many customers, one order after the other each: how many outcomes a second they get. */
    peak: (customers: number, seconds: number) =>
      Effect.gen(function* () {
        const from = yield* Clock.currentTimeMillis
        const until = from + seconds * 1000
        const one = Effect.repeat(Effect.andThen(wish, Clock.currentTimeMillis), { until: (now) => now >= until })
        yield* Effect.forEach(Array.from({ length: customers }), () => one, { concurrency: "unbounded", discard: true })
        const took = ((yield* Clock.currentTimeMillis) - from) / 1000
        return wishes.filter(({ at, outcome }) => outcome && at >= from).length / took
      }),
    /** New customers at this rate, until it is interrupted; those who have come stay as long as the scope is open. */
    steady: (perSecond: number) => atRate(perSecond, wish)
  }
}

/** How many of the customers of a stretch of time were served, a second. */
export const goodput = (wishes: ReadonlyArray<Wish>, from: number, to: number): number =>
  wishes.filter(({ at, served }) => served && at >= from && at < to).length / ((to - from) / 1000)
