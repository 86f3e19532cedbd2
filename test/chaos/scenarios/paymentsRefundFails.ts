/**
 * Refunds fail at the provider, and go on failing for a day: each order stays in `refund_pending`, with its share kept,
 * until a person is called. When the provider is well the operators replay all of them, twice at the same time; each is
 * given once.
 *
 * The day passes in the shop's books alone: its orders are told that they have waited since yesterday. The refunds' keys
 * are as young as they are.
 */
import { Duration, Effect, Schedule } from "effect"
import { SqlError } from "effect/sql"
import { request } from "../../main/client.ts"
import type { Body } from "../customerLog.ts"
import type { Traffic } from "../load.ts"
import { makeOperator, operatorsEnv, replayAll } from "../operator.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

/** Of them the provider hears twice as often as it takes to open its circuit. */
const refundsWanted = 5
const often = Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: "30 seconds" }))

type Placed = Traffic["placed"][number]

const statusOf = (url: string, { id, who: { authorization } }: Placed) =>
  Effect.map(request<Body>(`${url}/v1/orders/${id}`, { headers: { authorization } }), (answer) => answer?.body.status)

/** The first orders whose money was taken. */
const captured = (url: string, { placed }: Traffic) =>
  Effect.filter(placed.slice(0, refundsWanted * 4), (each) =>
    Effect.map(statusOf(url, each), (status) => status === "captured")
  ).pipe(
    Effect.repeat({ until: (found) => found.length >= refundsWanted, schedule: often }),
    Effect.map((found) => found.slice(0, refundsWanted))
  )

const refund = (url: string, authorization: string, { id }: Placed) =>
  request<Body>(`${url}/v1/orders/${id}/refunds`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization,
      "idempotency-key": `refund-of-${id}`,
      prefer: "wait=0"
    },
    body: "{}"
  })

const statuses = (url: string, all: ReadonlyArray<Placed>, wanted: string) =>
  Effect.map(
    Effect.forEach(all, (each) => statusOf(url, each)),
    (found) => found.filter((status) => status === wanted).length
  )

/** Answers how many of the orders need a person now. */
const aDayLater = Effect.fnUntraced(
  function* ({ postgres }: World, all: ReadonlyArray<Placed>) {
    const sql = yield* postgres.superuser
    const ids = all.map(({ id }) => id)
    yield* sql`update orders set status_since = status_since - interval '1 day' where id in ${sql.in(ids)}`
    yield* sql`update jobs set run_at = now(), due_by = now() where queue = 'orders' and key in ${sql.in(ids)}`
    const dead = sql<{ many: number }>`
    select count(*)::int as many from jobs where queue = 'orders' and state = 'dead' and key in ${sql.in(ids)}`
    const [last] = yield* Effect.repeat(dead, { until: ([row]) => row?.many === ids.length, schedule: often })
    return last?.many ?? 0
  },
  Effect.catchIf(SqlError.isSqlError, Effect.die)
)

const harm = (world: World, seconds: number, traffic: Traffic) =>
  Effect.gen(function* () {
    const { customers, nodes, provider, url } = world
    const [operator] = customers
    yield* makeOperator(nodes[0], operator?.userId ?? "")
    const all = yield* captured(url, traffic)
    yield* provider.fault({ mode: "status", status: 500, method: "POST", path: "/v1/refunds" })
    const answers = yield* Effect.forEach(all, (each) => refund(url, operator?.authorization ?? "", each))
    yield* Effect.sleep(Duration.seconds(seconds))
    const pending = yield* statuses(url, all, "refund_pending")
    const dead = yield* aDayLater(world, all)
    yield* provider.healthy
    const replays = yield* Effect.all([replayAll(nodes[0]), replayAll(nodes[0])], { concurrency: 2 })
    const refunded = yield* Effect.repeat(statuses(url, all, "refunded"), {
      until: (many) => many === all.length,
      schedule: often
    })
    const taken = answers.filter((answer) => answer?.status === 202).length
    const items = replays.map((replay) => replay.items).join(" and ")
    const figure = `${taken} refunds taken (202), ${pending} pending after ${seconds} s, ${dead} need a person after a day; replayed twice (${items}): ${refunded} refunded`
    const held = [taken, pending, dead, refunded].every((many) => many === refundsWanted)
    return (held ? { notes: [figure], breaches: [] } : { notes: [], breaches: [figure] }) satisfies Found
  })

export const refundFails: Scenario = {
  name: "payments-refund-fails",
  group: "payments",
  says: "the payment provider answers 500 to every refund, for a day",
  seconds: 6,
  ordersPerSecond: 4,
  env: operatorsEnv,
  promised: { orders: 0.999, reads: 0.999, recoverySeconds: 2, drainSeconds: 60 },
  harm
}
