/** The dashboard as code: whole, and only about what there is. Every metric of it and of the alerts is in a node's code. */
import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly uid: string }
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly datasource: { readonly uid: string } }>
}
const dashboard = JSON.parse(readFileSync("ops/grafana/dashboard.json", "utf8")) as {
  readonly uid: string
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string; readonly type: string }> }
  readonly panels: ReadonlyArray<Panel>
}
const { panels } = dashboard
const shown = panels.filter(({ type }) => type !== "row")

describe("the dashboard", () => {
  it("has a row for each question that somebody comes with", () => {
    const rows = panels.filter(({ type }) => type === "row").map(({ title }) => title)
    expect(rows).toEqual([
      "Is it well?",
      "Who is hurt?",
      "Which dependency?",
      "What waits?",
      "Money",
      "Database",
      "Process"
    ])
  })

  it("has ids that are its own, and panels that do not lie on each other", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) =>
      Array.from({ length: h * w }, (_, cell) => `${x + (cell % w)}:${y + Math.floor(cell / w)}`)
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.filter(({ gridPos: { w, x } }) => x + w > 24)).toEqual([])
  })

  it("asks the data source that whoever looks has chosen", () => {
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: "datasource", type: "datasource", query: "prometheus" })
    )
    const asked = shown.flatMap(({ datasource, targets = [] }) => [datasource, ...targets.map((one) => one.datasource)])
    expect(new Set(asked.map((source) => source?.uid))).toEqual(new Set(["${datasource}"]))
  })

  it.each(shown)("shows something: $title", ({ targets = [] }) => {
    expect(targets.length).toBeGreaterThan(0)
    for (const { expr } of targets) expect(expr).toMatch(/(?:holdfast|dependency|http_server|process|nodejs|up)\w*/)
  })
})
