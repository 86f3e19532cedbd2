/** One order, seen by a collector: from the request through its job to the provider, and back with the provider's event. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { eventually } from "../eventually.ts"
import { collector, type Span, valueOf } from "../telemetry/collector.ts"
import { customer, readOrder, request, untilAllCaptured } from "./client.ts"
import { startShop } from "./process.ts"

const caller = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" }

it.live(
  "the trace of an order is whole: request, job, provider's calls, provider's event, with the right parents",
  () =>
    Effect.gen(function* () {
      const { all, asked, illness, lines, metrics, spans, url: OTEL_EXPORTER_OTLP_ENDPOINT } = yield* collector
      const DATA_DIR = yield* temporaryFolder
      const shop = yield* startShop({ env: { DATA_DIR, OTEL_EXPORTER_OTLP_ENDPOINT } })
      const { url } = yield* shop.ready
      const who = yield* customer(url)
      const placed = yield* request<{ readonly id: string }>(`${url}/v1/orders`, {
        method: "POST",
        headers: {
          authorization: who.authorization,
          "content-type": "application/json",
          "idempotency-key": "traced-order",
          prefer: "wait=5",
          traceparent: `00-${caller.traceId}-${caller.spanId}-01`
        },
        body: JSON.stringify({
          lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }],
          payment_method: "pm_card_visa"
        })
      })
      yield* untilAllCaptured(url, who)

      const trace = () => spans().filter(({ traceId }) => traceId === caller.traceId)
      const named = (name: string) => trace().filter((span) => span.name === name)
      const wanted = ["process webhooks", "process orders", "POST /v1/orders"]
      yield* eventually(
        Effect.sync(() => trace().map(({ name }) => name)),
        (names) => wanted.every((name) => names.includes(name))
      )

      const byId = new Map(trace().map((span) => [span.spanId, span]))
      const pathOf = (span: Span): ReadonlyArray<string> => {
        const above = byId.get(span.parentSpanId ?? "")
        return above === undefined ? [span.name] : [...pathOf(above), span.name]
      }
      const [server] = named("POST /v1/orders")
      assert(server !== undefined)
      assert.deepStrictEqual(
        [server.parentSpanId, server.kind, valueOf(server, "http.response.status_code")],
        [caller.spanId, 2, "201"]
      )
      const [job] = named("process orders")
      assert(job !== undefined)
      assert.deepStrictEqual([byId.get(job.parentSpanId ?? "")?.name, job.kind], ["Jobs.enqueue", 5])
      assert.include(pathOf(job), "POST /v1/orders")
      const calls = named("POST payments")
      assert.isAtLeast(calls.length, 3)
      for (const call of calls) assert.includeMembers([...pathOf(call)], ["POST /v1/orders", "process orders"])
      const [event] = named("process webhooks")
      assert(event !== undefined)
      assert.include(pathOf(event), "POST /v1/orders")
      // The request that brought it is a trace of its own: the provider knows nothing of ours.
      assert.strictEqual(event.links.length, 1)
      assert.notStrictEqual(event.links[0]?.traceId, caller.traceId)

      assert.deepStrictEqual(
        trace().filter(({ name }) => /select|insert|update /i.test(name)),
        []
      )
      const { email, password } = who.account
      for (const secret of [email, password, "Grace Hopper", who.authorization.slice(7)]) {
        assert.notInclude(all(), secret)
      }
      assert.isAbove(lines().length, 0)
      assert.strictEqual((yield* readOrder(url, who, placed?.body.id ?? "")).status, "captured")

      // The collector hangs: requests do not notice, and what was kept meanwhile arrives when it is well again.
      const sent = () => asked.filter((path) => path === "/v1/traces").length
      const sentBefore = sent()
      illness.hang = true
      const seen = named("GET /v1/products").length
      const sampled = { traceparent: `00-${caller.traceId}-${caller.spanId}-01` }
      for (let n = 0; n < 20; n++) {
        assert.strictEqual((yield* request(`${url}/v1/products`, { headers: sampled }))?.status, 200)
      }
      yield* eventually(Effect.sync(sent), (now) => now > sentBefore)
      delete illness.hang
      yield* eventually(
        Effect.sync(() => named("GET /v1/products").length),
        (found) => found >= seen + 20
      )
      assert.strictEqual(named("GET /v1/products").length, seen + 20)
      yield* shop.signal("SIGTERM")
      assert.strictEqual((yield* shop.ended).code, 0)
      assert.include(
        metrics().map(({ name }) => name),
        "holdfast_telemetry_exported_total"
      )
    }),
  60_000
)
