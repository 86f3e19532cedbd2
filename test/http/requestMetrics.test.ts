/** What the door counts of its requests. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { scrape } from "../../src/telemetry/scrape.ts"
import { readExposition, type Sample } from "../telemetry/exposition.ts"
import { member, newKey, openDoor, send } from "./door.ts"

const samplesOf = (name: string) =>
  Effect.map(scrape, (text): ReadonlyArray<Sample> => {
    const { families, wrong } = readExposition(text)
    assert.deepStrictEqual(wrong, [])
    return families.get(name)?.samples ?? []
  })
const matching = (samples: ReadonlyArray<Sample>, labels: Readonly<Record<string, string>>) =>
  samples.filter((sample) => Object.entries(labels).every(([name, value]) => sample.labels[name] === value))

const durations = "http_server_request_duration_seconds"
const requests = (labels: Readonly<Record<string, string>>) =>
  Effect.map(samplesOf(durations), (samples) =>
    matching(samples, labels)
      .filter(({ name }) => name === `${durations}_count`)
      .reduce((sum, { value }) => sum + value, 0)
  )

layer(openDoor, { excludeTestServices: true })("the door's metrics", (it) => {
  it.effect("count each request once, by method, route and status", () =>
    Effect.gen(function* () {
      const labels = { http_request_method: "GET", http_route: "/v1/products/:id", http_response_status_code: "400" }
      const before = yield* requests(labels)
      yield* send("GET", "/v1/products/none")
      yield* send("GET", "/v1/products/other")
      assert.strictEqual((yield* requests(labels)) - before, 2)
    })
  )

  it.effect("know no path and no method of a client's own making", () =>
    Effect.gen(function* () {
      yield* send("PROPFIND", "/somebody@example.com")
      const all = matching(yield* samplesOf(durations), { http_request_method: "_OTHER" })
      assert.isNotEmpty(all)
      assert.isTrue(all.every(({ labels }) => labels["http_route"] === "unmatched"))
      assert.notInclude(yield* scrape, "somebody")
    })
  )

  it.effect("tell a problem by its code and route, and when it was seen first and last", () =>
    Effect.gen(function* () {
      const who = yield* member
      const order = { lines: [], payment_method: "pm_card_visa" }
      const labels = { code: "validation_failed", http_route: "/v1/orders" }
      const asked = { headers: { ...who.headers, ...newKey() }, body: order }
      assert.strictEqual((yield* send("POST", "/v1/orders", asked)).status, 400)
      assert.strictEqual((yield* send("POST", "/v1/orders", asked)).status, 400)
      const of = (name: string) => Effect.map(samplesOf(name), (samples) => matching(samples, labels)[0]?.value ?? 0)
      assert.strictEqual(yield* of("holdfast_errors_total"), 2)
      const first = yield* of("holdfast_error_first_seen_timestamp_seconds")
      assert.isAbove(first, 0)
      assert.isAtLeast(yield* of("holdfast_error_last_seen_timestamp_seconds"), first)
    })
  )

  it.effect("leave nobody behind among those that are not answered", () =>
    Effect.gen(function* () {
      yield* send("GET", "/livez")
      assert.strictEqual((yield* samplesOf("http_server_active_requests"))[0]?.value, 0)
    })
  )
})
