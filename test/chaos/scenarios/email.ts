/**
 * The email provider is away. Nobody who orders or signs up notices; the mails wait, and are all sent within a minute of
 * its return, at a pace that does not fell it again.
 */
import { Clock, Effect, Schedule } from "effect"
import { Database } from "../../../src/database/Database.ts"
import { mailQueue } from "../../../src/dependencies/email/mails.ts"
import { emailPolicy, mailsPerSecond } from "../../../src/dependencies/email/policy.ts"
import type { Fault } from "../../../src/sandbox/fault.ts"
import { amplification } from "../amplification.ts"
import { circuitOf } from "../circuits.ts"
import { gathered } from "../found.ts"
import { played } from "../played.ts"
import type { Found, Scenario, Window } from "../Scenario.ts"
import type { World } from "../World.ts"

const drainSeconds = 60
/** FAULTS: no burst of more than twice the pace. */
const burst = 2

/** Mails that are not sent, and the seconds from a moment until the last one was, of those that were wanted by then. */
const backlog = (millis: number) =>
  Effect.flatMap(Database, (database) =>
    database.read(
      "chaos.mails-waiting",
      (sql) => sql<{ waiting: number; seconds: number }>`
        select count(*) filter (where state <> 'done')::int as waiting,
          coalesce(extract(epoch from max(finished_at)) - ${millis / 1000}, 0)::float8 as seconds
        from jobs where queue = ${mailQueue} and created_at <= to_timestamp(${millis / 1000})`
    )
  ).pipe(Effect.map(([row]) => row ?? { waiting: 0, seconds: 0 }))

const drained = ({ to }: Window) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const left = Math.max(0, to + drainSeconds * 1000 - now)
    yield* Effect.repeat(backlog(to), {
      until: ({ waiting }) => waiting === 0,
      schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: left }))
    })
    const { seconds, waiting } = yield* backlog(to)
    return {
      notes: [`email: the mails of the outage were sent ${seconds.toFixed(1)} s after it`],
      breaches:
        waiting === 0 && seconds <= drainSeconds
          ? []
          : [`email: ${waiting} mails wait ${drainSeconds} s after the outage`]
    }
  })

/** The most mails that the provider was handed in any one second after its return. */
const paced = ({ provider }: World, { to }: Window): Effect.Effect<Found> =>
  Effect.map(provider.traffic, ({ asked }) => {
    const times = asked.flatMap(({ at, provider: whose }) => (whose === "email" && at >= to ? [at] : []))
    const most = Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length))
    const figure = `email: ${most} mails in the busiest second after the outage`
    return most <= burst * mailsPerSecond ? { notes: [figure], breaches: [] } : { notes: [], breaches: [figure] }
  })

const path = "/resend/"

const away = (name: string, says: string, faults: ReadonlyArray<Omit<Fault, "path">>): Scenario => ({
  name: `email-${name}`,
  group: "providers",
  says: `the email provider ${says}`,
  seconds: 12,
  ordersPerSecond: 5,
  promised: {
    orders: 0.999,
    reads: 0.999,
    unaffected: ["order", "catalogue", "stock", "own order", "sign up", "log in"],
    recoverySeconds: 1,
    drainSeconds: 5
  },
  harm: played(faults.map((fault) => ({ ...fault, path }))),
  examine: (world, window) =>
    Effect.gen(function* () {
      const calls = amplification(yield* world.provider.traffic, "email", window)
      const circuit = yield* circuitOf(world.nodes[0], "email", emailPolicy, window)
      return gathered(calls, circuit, yield* drained(window), yield* paced(world, window))
    }).pipe(Effect.orDie)
})

export const emailScenarios: ReadonlyArray<Scenario> = [
  away("down", "answers 503, then resets every connection", [
    { mode: "status", status: 503 },
    { mode: "reset_before" }
  ]),
  away("unheard", "sends every mail, and answers half a JSON, then nothing at all", [
    { mode: "garbage" },
    { mode: "hang_after" }
  ])
]
