/** `/metrics` as Prometheus gets it: from the operators' port, well-formed, and with everything else down. */
import { execFileSync, spawnSync } from "node:child_process"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { readExposition } from "../../telemetry/exposition.ts"
import { refusal, send } from "../door.ts"
import { opsNode } from "./opsNode.ts"

const vic = { headers: { authorization: "Bearer token-of-vic" } }
const promtool = spawnSync("promtool", ["--version"]).status === 0

layer(opsNode, { excludeTestServices: true })("a scrape", (it) => {
  it.effect("needs a token, as everything on this port", () => refusal([401, "unauthenticated"], "GET", "/metrics"))

  it.effect("is Prometheus' text format, with a type and a description for every name", () =>
    Effect.gen(function* () {
      const answer = yield* send("GET", "/metrics", vic)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
      const { families, wrong } = readExposition(answer.text)
      assert.deepStrictEqual(wrong, [])
      assert.isAbove(families.size, 5)
    })
  )

  it.effect.runIf(promtool)("has nothing that promtool would change", () =>
    Effect.gen(function* () {
      const { text } = yield* send("GET", "/metrics", vic)
      assert.strictEqual(execFileSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" }), "")
    })
  )
})
