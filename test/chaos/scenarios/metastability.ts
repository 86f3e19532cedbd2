/**
 * What remains of a shop that works near its limit when what troubled it is gone again: the trouble should be gone with it.
 * Customers who got nothing ask again, so there is more to do than before just when less is done; that may not feed itself.
 *
 * First the shop's peak is measured, then customers come at 85 % of it, then comes the trigger; fifteen seconds after its
 * end goodput is what it was before, or 95 % of it.
 */
import { Clock, Duration, Effect, Fiber } from "effect"
import { goodput, makeDrive, type Wish } from "../drive.ts"
import type { Traffic } from "../load.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

const share = 0.85
const least = 0.95
const recoveredAfterSeconds = 15
/** Enough to keep every worker busy, and so few that each still hears its order's outcome while it waits. */
const customersAtPeak = 16
const [warmUpSeconds, peakSeconds, settleSeconds, beforeSeconds, afterSeconds] = [3, 5, 3, 6, 5]
/** The last customers' last attempt has ended by then. */
const lastWishes = "8 seconds"

type Trigger = (world: World, seconds: number, more: (times: number) => Effect.Effect<void>) => Effect.Effect<void>

interface Seen {
  readonly peak: number
  /** Milliseconds. */
  readonly began: number
  readonly ended: number
}

/** The first second after the trigger from which on no second is below; undefined when there is none. */
const recoveredIn = (wishes: ReadonlyArray<Wish>, ended: number, enough: number) => {
  const bySecond = Array.from({ length: recoveredAfterSeconds + afterSeconds }, (_, second) =>
    goodput(wishes, ended + second * 1000, ended + (second + 1) * 1000)
  )
  return bySecond.findLastIndex((each) => each < enough) + 1
}

const judged = (wishes: ReadonlyArray<Wish>, { began, ended, peak }: Seen): Found => {
  const before = goodput(wishes, began - beforeSeconds * 1000, began)
  const from = ended + recoveredAfterSeconds * 1000
  const after = goodput(wishes, from, from + afterSeconds * 1000)
  const during = goodput(wishes, began, ended)
  const troubled = wishes.filter(({ at }) => at >= began && at < ended)
  const attempts = troubled.reduce((sum, wish) => sum + wish.attempts, 0) / Math.max(1, troubled.length)
  const told = wishes.filter(({ at }) => at >= from && at < from + afterSeconds * 1000)
  const outcomes = told.filter(({ outcome }) => outcome).length / Math.max(1, told.length)
  const seconds = recoveredIn(wishes, ended, before * 0.8)
  const figure = `goodput ${before.toFixed(1)} a second before (peak ${peak.toFixed(1)}), ${during.toFixed(1)} in the trouble, ${after.toFixed(1)} from ${recoveredAfterSeconds} s after it`
  return {
    notes: [
      figure,
      `${attempts.toFixed(2)} attempts a customer in the trouble; every second at 80 % from ${seconds} s on; ${(outcomes * 100).toFixed(0)} % told the outcome at once then`
    ],
    breaches:
      after >= before * least ? [] : [`${figure}: ${((after / before) * 100).toFixed(0)} %, promised ${least * 100} %`]
  }
}

const harm = (name: string, trigger: Trigger) => (world: World, seconds: number, traffic: Traffic) =>
  Effect.gen(function* () {
    const drive = makeDrive(world, traffic, name)
    yield* drive.peak(customersAtPeak, warmUpSeconds)
    const peak = yield* drive.peak(customersAtPeak, peakSeconds)
    const rate = Math.max(1, peak * share)
    const driving = yield* Effect.forkScoped(drive.steady(rate))
    yield* Effect.sleep(Duration.seconds(settleSeconds + beforeSeconds))
    const began = yield* Clock.currentTimeMillis
    yield* trigger(world, seconds, (times) =>
      drive
        .steady(rate * (times - 1))
        .pipe(Effect.timeoutOption(Duration.seconds(seconds)), Effect.scoped, Effect.asVoid)
    )
    const ended = yield* Clock.currentTimeMillis
    yield* Effect.sleep(Duration.seconds(recoveredAfterSeconds + afterSeconds))
    yield* Fiber.interrupt(driving)
    yield* Effect.sleep(lastWishes)
    return judged(drive.wishes, { peak, began, ended })
  })

const metastable = (name: string, says: string, trigger: Trigger): Scenario => ({
  name: `metastable-${name}`,
  group: "metastability",
  says: `at 85 % of the peak, ${says}`,
  seconds: 10,
  ordersPerSecond: 1,
  // What happens in the trouble is promised elsewhere; here it is what comes after.
  promised: {
    orders: 0,
    reads: 0,
    wellFormed: 0,
    served: { live: 0, ready: 0 },
    recoverySeconds: 5,
    drainSeconds: 120
  },
  harm: harm(`metastable-${name}`, trigger)
})

export const metastabilityScenarios: ReadonlyArray<Scenario> = [
  metastable("database", "PostgreSQL stands still for ten seconds", ({ postgres }, seconds) =>
    Effect.scoped(Effect.andThen(postgres.freeze, Effect.sleep(Duration.seconds(seconds))))
  ),
  metastable("payments", "the payment provider takes five seconds for everything, for ten", ({ provider }, seconds) =>
    provider
      .fault({ mode: "latency", path: "/v1/", ms: 5_000 })
      .pipe(Effect.andThen(Effect.sleep(Duration.seconds(seconds))), Effect.andThen(provider.healthy))
  ),
  metastable("spike", "ten times as many customers come for ten seconds", (_, __, more) => more(10)),
  metastable("cold", "the node is killed and starts with nothing in its memory", ({ nodes: [node] }) =>
    Effect.andThen(node.kill, node.start())
  )
]
