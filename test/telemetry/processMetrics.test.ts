/** What a node says of its own process. */
import { tmpdir } from "node:os"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import * as ProcessMetrics from "../../src/telemetry/ProcessMetrics.ts"
import { registerReadings } from "../../src/telemetry/readings.ts"
import { scrape } from "../../src/telemetry/scrape.ts"
import { readExposition, type Sample } from "./exposition.ts"

const ownRegistry = Layer.succeed(Metric.MetricRegistry, new Map())
const scraped = Effect.map(scrape, (text) => {
  const { families, wrong } = readExposition(text)
  assert.deepStrictEqual(wrong, [])
  return (name: string): ReadonlyArray<Sample> => families.get(name)?.samples ?? []
})
const valueIn = (samples: ReadonlyArray<Sample>) => samples[0]?.value ?? Number.NaN

const directories = { data: path.join(tmpdir(), "not", "made", "yet") }
const node = Layer.provideMerge(ProcessMetrics.layer({ role: "all", directories }), ownRegistry)

it.effect("a node shows its processor time, memory and loop under the names that dashboards know", () =>
  Effect.gen(function* () {
    const of = yield* scraped
    for (const name of [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "process_start_time_seconds",
      "nodejs_heap_size_used_bytes",
      "nodejs_heap_size_limit_bytes"
    ])
      assert.isAbove(valueIn(of(name)), 0, name)
    for (const name of ["p50", "p99", "max"].map((part) => `nodejs_eventloop_lag_${part}_seconds`))
      assert.isAtLeast(valueIn(of(name)), 0, name)
    assert.deepStrictEqual(of("holdfast_node_info")[0]?.labels, { role: "all" })
  }).pipe(Effect.provide(node))
)

it.effect("a disk is shown by what it is for, also before its directory is there", () =>
  Effect.gen(function* () {
    const of = yield* scraped
    const free = of("holdfast_disk_free_bytes")
    assert.deepStrictEqual(free[0]?.labels, { directory: "data" })
    assert.isAbove(valueIn(free), 0)
    assert.isAtLeast(valueIn(of("holdfast_disk_size_bytes")), valueIn(free))
  }).pipe(Effect.provide(node))
)

it.effect.runIf(process.platform === "linux")("Linux tells descriptors and network besides", () =>
  Effect.gen(function* () {
    const of = yield* scraped
    assert.isAbove(valueIn(of("process_open_fds")), 2)
    assert.isAtLeast(valueIn(of("process_max_fds")), valueIn(of("process_open_fds")))
    for (const way of ["receive", "transmit"]) assert.lengthOf(of(`process_network_${way}_bytes_total`), 1)
  }).pipe(Effect.provide(node))
)

const blockLoop = (millis: number) =>
  Effect.sync(() => {
    const until = performance.now() + millis
    while (performance.now() < until);
  })

/** Scrapes, each a window of its own, until one of them says so: the monitor and the collector tell a little later. */
const untilScraped = (told: (of: (name: string) => ReadonlyArray<Sample>) => boolean) =>
  TestClock.adjust("5 seconds").pipe(
    Effect.andThen(TestClock.withLive(Effect.sleep("20 millis"))),
    Effect.andThen(scraped),
    Effect.repeat({ until: told, times: 200 }),
    Effect.map((of) => assert.isTrue(told(of)))
  )
const longest = (of: (name: string) => ReadonlyArray<Sample>) => valueIn(of("nodejs_eventloop_lag_max_seconds"))

it.effect("a blocked loop is told by one scrape, and is over for the next", () =>
  Effect.gen(function* () {
    yield* untilScraped((of) => valueIn(of("nodejs_eventloop_utilization_ratio")) > 0)
    // The monitor begins anew with its next timer.
    yield* TestClock.withLive(Effect.sleep("30 millis"))
    yield* blockLoop(400)
    yield* untilScraped((of) => longest(of) >= 0.3)
    yield* untilScraped((of) => longest(of) < 0.3)
  }).pipe(Effect.provide(node))
)

it.effect("collections of garbage are counted with their pauses", () =>
  Effect.gen(function* () {
    yield* Effect.sync(() => {
      for (let index = 0; index < 200; index++) Array.from({ length: 50_000 }, (_, at) => ({ at }))
    })
    yield* untilScraped((of) => {
      const kind = { name: "nodejs_gc_duration_seconds_count", kind: "minor" }
      const counts = of("nodejs_gc_duration_seconds")
      return counts.some(({ labels, name, value }) => name === kind.name && labels["kind"] === kind.kind && value > 0)
    })
  }).pipe(Effect.provide(node))
)

it.effect("a reading is gone with its scope", () =>
  Effect.gen(function* () {
    const reading = { type: "gauge", name: "of_a_while", description: "Something", read: () => 1 } as const
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* registerReadings([reading])
        assert.lengthOf((yield* scraped)("of_a_while"), 1)
      })
    )
    assert.lengthOf((yield* scraped)("of_a_while"), 0)
  }).pipe(Effect.provide(ownRegistry))
)
