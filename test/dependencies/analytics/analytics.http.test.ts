/** The contract of analytics over HTTP, against the sandbox's counter; and what becomes of events while it is away. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Metric } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import { Analytics, counting } from "../../../src/dependencies/analytics/Analytics.ts"
import { EventBuffer } from "../../../src/dependencies/analytics/EventBuffer.ts"
import { AnalyticsUrl, HttpAnalytics, switchedOff } from "../../../src/dependencies/analytics/HttpAnalytics.ts"
import { KillSwitches } from "../../../src/resilience/index.ts"
import { faulty, fromSandbox, sandboxServer, sandboxUrl } from "../../sandbox/serverForTests.ts"
import { eventually } from "../../eventually.ts"
import { analyticsContract, Counts } from "./contract.ts"

const counts = Layer.effect(
  Counts,
  Effect.map(HttpServer.HttpServer, (http) => ({
    of: (name, expected) =>
      eventually(
        Effect.map(fromSandbox<Record<string, number>>("/_sandbox/analytics"), (all) => all[name] ?? 0),
        (count) => count >= expected,
        { within: "15 seconds" }
      ).pipe(Effect.provideService(HttpServer.HttpServer, http))
  }))
)
const url = Layer.effect(
  AnalyticsUrl,
  Effect.map(sandboxUrl, (base) => `${base}/analytics/`)
)
const counter = Layer.merge(counts, Layer.provide(HttpAnalytics.layer, [url, NodeCrypto.layer])).pipe(
  Layer.provideMerge(Layer.merge(sandboxServer, KillSwitches.layerMemory)),
  Layer.provideMerge(Logger.layer([]))
)

analyticsContract("over HTTP", counter)

layer(counter, { excludeTestServices: true })("whoever counts events", (it) => {
  it.effect("hears of each once when the answers to whole batches are lost, and nobody waits for it meanwhile", () =>
    Effect.gen(function* () {
      const { track } = yield* Analytics
      yield* faulty({ mode: "status_after", path: "/analytics/", times: 2 })
      for (let n = 0; n < 700; n++) yield* track({ name: "order_confirmed", about: `ord_${n}` })
      assert.strictEqual(yield* (yield* Counts).of("order_confirmed", 700), 700)
    })
  )
})

layer(counter, { excludeTestServices: true })("analytics that an operator has switched off", (it) => {
  it.effect("drop what happens, count it, and go on with what happens when they are on again", () =>
    Effect.gen(function* () {
      const [{ track }, switches] = [yield* Analytics, yield* KillSwitches]
      const by = { actor: "ada", reason: "drill" }
      const dropped = Effect.map(Metric.value(switchedOff), ({ count }) => Number(count))
      const before = yield* dropped
      yield* switches.set(counting, "off", by)
      for (let n = 0; n < 3; n++) yield* track({ name: "order_placed", about: `ord_off_${n}` })
      assert.strictEqual((yield* dropped) - before, 3)
      yield* switches.clear(counting, "off", by)
      yield* track({ name: "order_placed", about: "ord_on" })
      assert.strictEqual(yield* (yield* Counts).of("order_placed", 1), 1)
    })
  )
})

describe("the buffer of events", () => {
  it("keeps what was there first, and counts what it has no room for", () => {
    const buffer = new EventBuffer<number>(3)
    for (const event of [1, 2, 3, 4, 5]) buffer.offer(event)
    assert.deepStrictEqual([buffer.size, buffer.dropped], [3, 2])
    const batch = buffer.take(2)
    assert.deepStrictEqual(batch, [1, 2])
    buffer.offer(6)
    buffer.giveBack(batch)
    assert.deepStrictEqual([buffer.take(10), buffer.dropped], [[1, 2, 3], 3])
  })

  it("is bounded however long nobody takes anything", () => {
    const buffer = new EventBuffer<number>(10)
    for (let event = 0; event < 1_000; event++) {
      buffer.offer(event)
      if (event % 7 === 0) buffer.giveBack(buffer.take(5))
    }
    assert.deepStrictEqual([buffer.size, buffer.dropped], [10, 990])
  })
})
