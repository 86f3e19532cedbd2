/** What a whole node says of itself: well-formed, about every part of it, and also without its database. */
import { execFileSync, spawnSync } from "node:child_process"
import { readFile } from "node:fs/promises"
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { askedIn } from "../telemetry/asked.ts"
import { readExposition } from "../telemetry/exposition.ts"
import { eventually } from "../eventually.ts"
import { customer, placeOrder, untilAllCaptured } from "./client.ts"
import { startShop } from "./process.ts"

const promtool = spawnSync("promtool", ["--version"]).status === 0

/** What alerts and dashboard ask for, and what is there only from the first event of its kind on. */
const withAnEvent: ReadonlySet<string> = new Set([
  "holdfast_admission_refused_total",
  "holdfast_rate_limited_total",
  "holdfast_log_in_delays_total",
  "holdfast_analytics_events_dropped_total",
  "holdfast_database_slow_total",
  "holdfast_dead_letters",
  "holdfast_errors_total",
  "holdfast_error_last_seen_timestamp_seconds",
  "holdfast_orders_unfinished",
  "holdfast_orders_unfinished_oldest_seconds",
  "holdfast_orders_unfinished_value_minor_units",
  "holdfast_payments_in_doubt",
  "holdfast_payments_in_doubt_oldest_seconds",
  "holdfast_queue_jobs",
  "holdfast_queue_oldest_seconds",
  "holdfast_spool_refused_total"
])

it.live(
  "a node tells of its requests, dependencies, queues, orders and invariants, and goes on when its database is away",
  () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryFolder
      const scope = yield* Scope.fork(yield* Scope.Scope)
      const database = yield* Scope.provide(
        EmbeddedPostgres.start({
          directory: path.join(DATA_DIR, "elsewhere"),
          durable: false,
          onProgress: () => Effect.void
        }),
        scope
      )
      const shop = yield* startShop({ env: { DATA_DIR, DATABASE_URL: Redacted.value(database.url) } })
      const { opsUrl: ops, url } = yield* shop.ready
      const token = (yield* Effect.promise(() => readFile(`${DATA_DIR}/ops-token`, "utf8"))).trim()
      const scraped = Effect.promise(async () => {
        const answer = await fetch(`${ops}/metrics`, { headers: { authorization: `Bearer ${token}` } })
        const text = await answer.text()
        const { families, wrong } = readExposition(text)
        const valueOf = (name: string, labels: Readonly<Record<string, string>> = {}) =>
          families
            .get(name)
            ?.samples.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
            ?.value
        return { text, wrong, valueOf }
      })

      const statusOf = (of: string) => Effect.promise(async () => (await fetch(of)).status)
      expect(yield* Effect.forEach([`${url}/metrics`, `${url}/ops/api/queues`, `${ops}/livez`], statusOf)).toEqual([
        404, 404, 404
      ])

      const who = yield* customer(url)
      yield* placeOrder(url, who, { key: "counted-once" })
      yield* untilAllCaptured(url, who)
      const explained = (id: string) =>
        Effect.promise(async () => {
          const answer = await fetch(`${ops}/ops/api/explain?id=${id}`, {
            headers: { authorization: `Bearer ${token}` }
          })
          return (await answer.json()) as { asked: string; ids: { orders: Array<string>; requests: Array<string> } }
        })
      const byKey = yield* explained("counted-once")
      expect(byKey.ids.requests).toEqual([expect.stringMatching(/^req_/)])
      expect(yield* explained(byKey.ids.requests[0] ?? "")).toMatchObject({ asked: "request", ids: byKey.ids })
      const seen = yield* eventually(
        scraped,
        ({ valueOf }) => (valueOf("holdfast_invariant_compared_timestamp_seconds", { name: "captured_twice" }) ?? 0) > 0
      )
      expect(seen.wrong).toEqual([])
      if (promtool) {
        expect(execFileSync("promtool", ["check", "metrics"], { input: seen.text, encoding: "utf8" })).toBe("")
      }
      const missing = ["ops/prometheus/alerts.yml", "ops/grafana/dashboard.json"]
        .flatMap(askedIn)
        .filter((name) => !seen.text.includes(`# TYPE ${name} `) && !withAnEvent.has(name))
      expect(missing).toEqual([])
      const { valueOf } = seen
      expect(valueOf("holdfast_order_value_minor_units_total")).toBeGreaterThan(0)
      expect(valueOf("holdfast_switched_off", { name: "checkout", of: "feature" })).toBe(0)
      expect(valueOf("holdfast_log_lines_total", { level: "INFO" })).toBeGreaterThan(0)
      expect(valueOf("process_disk_written_bytes_total")).toBeGreaterThanOrEqual(0)
      expect(valueOf("holdfast_shop_events_total", { event: "order_placed" })).toBe(1)
      expect(valueOf("holdfast_shop_events_total", { event: "order_captured" })).toBe(1)
      expect(valueOf("holdfast_shop_events_total", { event: "user_signed_up" })).toBe(1)
      expect(valueOf("holdfast_jobs_settled_total", { queue: "orders", outcome: "done" })).toBeGreaterThan(0)
      expect(valueOf("dependency_calls_total", { dependency: "payments", outcome: "success" })).toBeGreaterThan(0)
      expect(valueOf("holdfast_invariant_violations", { name: "captured_twice" })).toBe(0)
      expect(valueOf("process_cpu_seconds_total")).toBeGreaterThan(0)
      expect(valueOf("holdfast_disk_free_bytes", { directory: "spool" })).toBeGreaterThan(0)
      expect(seen.text).not.toContain(who.userId)

      yield* Scope.close(scope, Exit.void)
      const down = yield* eventually(scraped, (later) => later.valueOf("holdfast_database_up") === 0)
      expect(down.wrong).toEqual([])
    }),
  60_000
)
