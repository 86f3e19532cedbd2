/**
 * The process has little memory and is asked for far more than it can do, with bodies as large as they may be. It refuses
 * what it cannot do; if it dies all the same, it is started again at once, as a supervisor would, and nothing is lost.
 */
import { Duration, Effect, Schedule } from "effect"
import { Client, wire } from "../../../bench/load/Client.ts"
import { residentMegabytes } from "../resources.ts"
import type { Node } from "../node.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

const heapMegabytes = 128
const [atOnce, perSecond] = [200, 40]
/** The largest body that is read, all but. */
const bodyBytes = 250 * 1024
const big = JSON.stringify({ lines: [{ sku: "x".repeat(bodyBytes), quantity: 1 }], payment_method: "pm_card_visa" })

/** A flood for so long; who finds no connection goes away. */
const flood = ({ customers: [who], url }: World, seconds: number) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Client(Number(new URL(url).port), atOnce)),
    (client) => {
      let number = 0
      const deadlineMillis = Number.POSITIVE_INFINITY
      const order = {
        name: "big",
        deadlineMillis,
        next: () =>
          wire(
            "POST",
            "/v1/orders",
            { authorization: who?.authorization ?? "", "idempotency-key": `flood-${number++}` },
            big
          )
      }
      const page = { name: "page", deadlineMillis, next: () => wire("GET", "/v1/products?limit=100") }
      const rates = new Map([order, page].map((kind) => [kind, perSecond]))
      return Effect.promise(() => client.openLoop(rates, seconds * 1000))
    },
    (client) => Effect.sync(() => client.close())
  )

/** Starts it again whenever it is gone, and counts. */
const supervised = (node: Node, deaths: { count: number }) =>
  Effect.gen(function* () {
    if (residentMegabytes(yield* node.pid) > 0) return
    deaths.count += 1
    yield* node.start()
  }).pipe(Effect.repeat(Schedule.spaced("200 millis")))

const harm = (world: World, seconds: number) =>
  Effect.gen(function* () {
    const deaths = { count: 0 }
    yield* Effect.forkScoped(supervised(world.nodes[0], deaths))
    yield* flood(world, seconds)
    const most = residentMegabytes(yield* world.nodes[0].pid)
    yield* Effect.sleep(Duration.seconds(1))
    return {
      notes: [`the process died ${deaths.count} times, and had ${most.toFixed(0)} MB`],
      breaches: []
    } satisfies Found
  })

export const memoryPressure: Scenario = {
  name: "memory-pressure",
  group: "process",
  says: `the process has a heap of ${heapMegabytes} MB and is flooded with large requests`,
  seconds: 10,
  ordersPerSecond: 4,
  env: { NODE_OPTIONS: `--max-old-space-size=${heapMegabytes}` },
  promised: {
    orders: 0.5,
    wellFormed: 0.5,
    reads: 0.5,
    served: { live: 0.5, ready: 0.5 },
    recoverySeconds: 5,
    drainSeconds: 45
  },
  harm
}
