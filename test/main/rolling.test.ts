/** Nodes that are replaced one after the other while they are used: nobody notices, and nobody waits in vain. */
import { expect, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, Schedule } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { customer, placeOrder, request } from "./client.ts"
import { otherProvider, startShop } from "./process.ts"
import { startProxy } from "./proxy.ts"

/** Between the signal and the end of the listener; the proxy looks ten times meanwhile. */
const delayMillis = 1_000
const graceMillis = 8_000

const env = (database: Redacted.Redacted) => ({
  ...otherProvider,
  DATABASE_URL: Redacted.value(database),
  APP_SECRET: "shared by all nodes, and longer than 32 bytes",
  ROLE: "api",
  SHUTDOWN_DELAY: `${delayMillis} millis`,
  SHUTDOWN_GRACE: `${graceMillis} millis`
})

const startNode = Effect.gen(function* () {
  const [database, DATA_DIR] = [yield* TestDatabaseUrl, yield* temporaryFolder]
  const shop = yield* startShop({ env: { ...env(database), DATA_DIR } })
  return { ...shop, ...(yield* shop.ready) }
})

layer(Layer.fresh(TestDatabaseUrl.layer), { excludeTestServices: true })("a node that is told to stop", (it) => {
  it.effect(
    "is replaced without one failed request, and tells who waits how things stand",
    () =>
      Effect.gen(function* () {
        const proxy = yield* startProxy
        const nodes = yield* Effect.all([startNode, startNode], { concurrency: 2 })
        for (const { url } of nodes) yield* proxy.add(url)
        yield* proxy.untilReady(2)
        const who = yield* customer(proxy.url)
        // The door knows its own routes, deadlines and admission, not those of the operators' beside it.
        expect((yield* request(`${proxy.url}/v1/products`, { method: "DELETE" }))?.status).toBe(405)
        expect((yield* request(`${proxy.url}/ops/api/queues`))?.status).toBe(404)
        const hurried = { headers: { authorization: who.authorization, "request-timeout": "0.001" } }
        expect((yield* request(`${proxy.url}/v1/orders`, hurried))?.status).toBe(504)

        const seen: Array<string> = []
        let orders = 0
        const note = (what: string, answer: { readonly status: number } | undefined) =>
          void seen.push(`${what} ${answer?.status ?? "no answer"}`)
        const reads = Effect.map(request(`${proxy.url}/v1/products?limit=3`), (answer) => note("read", answer))
        // No worker runs, so an order waits as long as it wants to: up to a second here.
        const buys = Effect.suspend(() =>
          placeOrder(proxy.url, who, { key: `order-number-${orders++}`, wait: orders % 2 })
        ).pipe(Effect.map((answer) => note("order", answer)))
        const traffic = yield* Effect.forEach([reads, reads, reads, buys, buys], (each) =>
          Effect.forkChild(Effect.repeat(each, Schedule.spaced("10 millis")))
        )

        for (const node of nodes) {
          // Straight at the node, for much longer than it lives: what stands is the answer.
          const waiting = yield* Effect.forkChild(placeOrder(node.url, who, { key: `waits-at-${node.url}`, wait: 14 }))
          yield* Effect.repeat(
            Effect.sync(() => seen.length),
            { until: (many) => many > 20, schedule: Schedule.spaced("5 millis") }
          )
          const began = performance.now()
          yield* node.signal("SIGTERM")
          const answer = yield* Fiber.join(waiting)
          expect(answer?.status).toBe(202)
          expect(answer?.headers.get("connection")).toBe("close")
          expect(performance.now() - began).toBeLessThan(delayMillis + 2_000)
          expect(yield* node.ended).toMatchObject({ code: 0 })
          expect(performance.now() - began).toBeGreaterThanOrEqual(delayMillis)
          expect(performance.now() - began).toBeLessThan(graceMillis)
          yield* Effect.flatMap(startNode, ({ url }) => proxy.add(url))
          yield* proxy.untilReady(2)
        }
        yield* Effect.forEach(traffic, Fiber.interrupt)

        expect([...new Set(seen)].sort()).toEqual(["order 202", "read 200"])
        expect(seen.length).toBeGreaterThan(100)
      }),
    60_000
  )
})
