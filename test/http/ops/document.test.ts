/** The operators' document: complete, and readable by the tools of others. */
import { assert, describe, it } from "@effect/vitest"
import { OpenApi } from "effect/http-api"
import { OpsApi } from "../../../src/http/ops/OpsApi.ts"
import { findings } from "../documentation/tools.ts"

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security: ReadonlyArray<object>
}
const document = OpenApi.fromApi(OpsApi)
const all = Object.values(document.paths).flatMap((item) => Object.values(item as Record<string, Operation>))

describe("the operators' document", () => {
  it("gives Redocly's recommended rules nothing to find", async () => {
    assert.deepStrictEqual(await findings(document), [])
  })

  it("has what reads and what changes, with words and behind a token, and neither pages nor faults", () => {
    const ids = all.map(({ operationId }) => operationId)
    for (const id of ["deadLetters.list", "queues.pause", "switches.off", "circuits.reset", "metrics.scrape"]) {
      assert.include(ids, id)
    }
    assert.notMatch(Object.keys(document.paths).join(), /faults|login|change/)
    for (const { security } of all) assert.deepStrictEqual(security, [{ bearer: [] }, { cookie: [] }])
    assert.include(
      all.map(({ summary }) => summary),
      "Hold a circuit open"
    )
  })

  it("has no shape under two names, and leaves what is answered open", () => {
    assert.notMatch(JSON.stringify(document), /#\/components\/schemas\/\w*(?:Encoded|_\d)/)
    const list = (document.paths["/ops/api/queues"] as unknown as { readonly get: object }).get
    assert.notInclude(JSON.stringify(list), '"additionalProperties":false},"required"')
  })
})
