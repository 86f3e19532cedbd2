/** The alerts: each fires when it should and not before, says how urgent it is, and has its page in the runbook. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { filesUnder } from "../forbidden/syntax.ts"
import { askedIn } from "../telemetry/asked.ts"

const rules = readFileSync("ops/prometheus/alerts.yml", "utf8")
const runbook = readFileSync("docs/runbook.md", "utf8")
const alerts = rules.split(/^ {6}- alert: /m).slice(1)
const names = alerts.map((alert) => alert.split("\n", 1)[0] ?? "")
const promtool = spawnSync("promtool", ["--version"]).status === 0

/** Names that the code puts together from parts; `test/main/metrics.test.ts` looks for all of them on a node. */
const putTogether = new Set([
  "holdfast_database_pool_in_use",
  "holdfast_database_pool_size",
  "holdfast_database_pool_waiting",
  "holdfast_database_calls_total",
  "holdfast_database_collisions_total",
  "holdfast_database_timeouts_total",
  "nodejs_eventloop_lag_p99_seconds",
  "nodejs_gc_duration_seconds"
])

describe("an alert", () => {
  it.each(alerts)("is complete: %s", (alert) => {
    const name = alert.split("\n", 1)[0] ?? ""
    expect(alert).toMatch(/^ {10}severity: (page|ticket|info)$/m)
    expect(alert).toMatch(/^ {10}summary: .{15,}$/m)
    expect(alert).toContain(`runbook: docs/runbook.md#${name.toLowerCase()}\n`)
    const page = runbook.split(`## ${name}\n`)[1]?.split("\n## ", 1)[0] ?? ""
    for (const part of ["- Means: ", "- Look at: ", "- Do: "]) expect(page).toContain(part)
  })

  it("has a page, and every page an alert", () => {
    expect([...runbook.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(names)
  })

  it.each(["ops/prometheus/alerts.yml", "ops/grafana/dashboard.json"])(
    "is about metrics that there are: %s",
    (path) => {
      const name = /(?:holdfast|dependency|http_server|process|nodejs)_[a-z0-9_]+/g
      const known = new Set(filesUnder("src").flatMap((source) => readFileSync(source, "utf8").match(name) ?? []))
      const asked = askedIn(path)
      expect(asked.length).toBeGreaterThan(30)
      expect(asked.filter((one) => !known.has(one) && !putTogether.has(one))).toEqual([])
    }
  )

  it.runIf(promtool)(
    "fires when it should: promtool test rules",
    () => {
      const run = spawnSync("promtool", ["test", "rules", "ops/prometheus/alerts.test.yml"], { encoding: "utf8" })
      expect(run.stdout + run.stderr).toContain("SUCCESS")
      expect(run.status).toBe(0)
    },
    60_000
  )
})
