/** Which checks keep a node from serving, and which only make it say that it is degraded. */
import { describe, expect, it } from "@effect/vitest"
import { type Check, failing, unready } from "../../src/ops/Health.ts"

const report = (checks: Record<string, Check["status"]>) => ({
  draining: false,
  checks: Object.fromEntries(Object.entries(checks).map(([name, status]) => [name, { status }]))
})

describe("a node", () => {
  it("serves without a provider, and with a substitute that is too old", () => {
    const checks = report({ database: "ok", migrations: "ok", cache: "warn", payments: "warn", spool: "warn" })
    expect([unready(checks), failing(checks)]).toEqual([[], []])
  })

  it("serves without its database while it takes writes to keep, which is a failure all the same", () => {
    const checks = report({ database: "fail", migrations: "warn", spool: "ok" })
    expect([unready(checks), failing(checks)]).toEqual([[], ["database"]])
  })

  it.each([
    ["no spool", report({ database: "fail", migrations: "warn" })],
    ["a spool that is full", report({ database: "fail", migrations: "warn", spool: "warn" })]
  ])("does not serve without its database and with %s", (_, checks) => {
    expect(unready(checks)).toEqual(["database"])
  })

  it("does not serve on a schema that is not current, whatever it keeps", () => {
    expect(unready(report({ database: "ok", migrations: "fail", spool: "ok" }))).toEqual(["migrations"])
  })
})
