/**
 * The payment provider fails, in one way a scenario. Orders are taken all the same (202): an order is durable before any
 * money moves, and its job asks again when the circuit lets it. Nobody is charged twice, whatever the provider's answer
 * looks like, and everything that was placed comes to its end within a minute of the provider's return.
 */
import { Effect } from "effect"
import { paymentsPolicy } from "../../../src/dependencies/payments/policy.ts"
import type { Fault } from "../../../src/sandbox/fault.ts"
import { amplification } from "../amplification.ts"
import { circuitOf, transitionsOf } from "../circuits.ts"
import { gathered } from "../found.ts"
import { played } from "../played.ts"
import type { Found, Scenario, Window } from "../Scenario.ts"
import type { World } from "../World.ts"
import { refundFails } from "./paymentsRefundFails.ts"
import { unreachablePayments } from "./paymentsUnreachable.ts"
import { wrongAnswers } from "./paymentsWrong.ts"

/** Every request to the payment provider, and no other's. */
const path = "/v1/"

const promised = {
  orders: 0.999,
  reads: 0.999,
  unaffected: ["order", "catalogue", "stock", "own order"],
  recoverySeconds: 2,
  drainSeconds: 60
} as const satisfies Scenario["promised"]

/** Nothing gets through: the circuit opens, the provider is left alone, and the circuit closes in time. */
const leftAlone = (world: World, window: Window) =>
  Effect.gen(function* () {
    const traffic = yield* world.provider.traffic
    const circuit = yield* circuitOf(world.nodes[0], "payments", paymentsPolicy, window)
    return gathered(amplification(traffic, "payments", window), circuit)
  })

const away = (
  name: string,
  says: string,
  faults: ReadonlyArray<Omit<Fault, "path">>,
  examine: NonNullable<Scenario["examine"]> = leftAlone
): Scenario => ({
  name: `payments-${name}`,
  group: "payments",
  says: `the payment provider ${says}`,
  seconds: 12,
  ordersPerSecond: 5,
  promised,
  harm: played(faults.map((fault) => ({ ...fault, path }))),
  examine
})

/** Requests that were under way when the first one was told to come back later. */
const togetherMillis = 500
/** The provider's clock has whole seconds in a date. */
const toldSeconds = { seconds: 3, date: 2 } as const

/** After it was told to come back in so many seconds, nobody asks before that. */
const obeyed = (world: World, { from, to }: Window): Effect.Effect<Found> =>
  Effect.map(world.provider.traffic, ({ asked }) => {
    const half = (from + to) / 2
    const times = asked.flatMap(({ at, provider }) => (provider === "payments" && at >= from && at < to ? [at] : []))
    const early: Array<string> = []
    let told = Number.NEGATIVE_INFINITY
    for (const at of times) {
      const wait = (at < half ? toldSeconds.seconds : toldSeconds.date) * 1000
      if (at - told > togetherMillis && at - told < wait)
        early.push(`payments: asked ${(at - told).toFixed(0)} ms after it was told to wait ${wait}`)
      if (at - told > togetherMillis) told = at
    }
    return { notes: [`payments: ${times.length} requests while it said 429`], breaches: early }
  })

/** A transition a second at most. */
const steady = (world: World, { from, to }: Window): Effect.Effect<Found> =>
  Effect.gen(function* () {
    const changes = (yield* transitionsOf(world.nodes[0], "payments")).filter(({ at }) => at >= from && at < to)
    const most = (to - from) / 1000
    const figure = `payments: its circuit changed ${changes.length} times in ${most.toFixed(0)} s`
    // Half of what is asked gets through, and its successes pay for repeats.
    const calls = amplification(yield* world.provider.traffic, "payments", { from, to }, 1.3)
    return gathered(
      calls,
      changes.length <= most ? { notes: [figure], breaches: [] } : { notes: [], breaches: [figure] }
    )
  })

const nothingMore = () => Effect.succeed<Found>({ notes: [], breaches: [] })

export const paymentScenarios: ReadonlyArray<Scenario> = [
  away("down", "answers 500, then resets every connection", [
    { mode: "status", status: 500 },
    { mode: "reset_before" }
  ]),
  away(
    "429",
    "says 429 with Retry-After, in seconds and as a date",
    (["seconds", "date"] as const).map((form) => ({
      mode: "status",
      status: 429,
      retry_after_seconds: 3,
      retry_after_form: form
    })),
    obeyed
  ),
  away("hang-before", "takes every request and does nothing", [{ mode: "hang_before" }]),
  away("hang-after", "does everything and never says so", [{ mode: "hang_after" }]),
  away("reset-mid", "does everything and cuts the connection in the middle of the answer", [
    { mode: "reset_after" },
    { mode: "reset_mid" }
  ]),
  away("garbage", "answers what is no answer: half a JSON, nothing, another type, a proxy's page", [
    { mode: "garbage" },
    { mode: "empty" },
    { mode: "no_content" },
    { mode: "wrong_type" },
    { mode: "html" }
  ]),
  away("huge", "answers 200 MB", [{ mode: "huge" }]),
  away("drip", "answers a byte at a time", [{ mode: "drip", ms: 200 }]),
  away("flapping", "is away every other second", [{ mode: "flap", ms: 1000 }], steady),
  away("slow", "takes a second for everything", [{ mode: "latency", ms: 1000 }], nothingMore),
  away("redirect", "sends every request elsewhere", [{ mode: "redirect" }]),
  ...wrongAnswers,
  ...unreachablePayments,
  refundFails
]
