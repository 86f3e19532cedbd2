/** The spool in memory keeps the contract. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import { spoolContract } from "./contract.ts"
import { entry } from "./entries.ts"

spoolContract("in memory", Spool.layerMemoryWith)

layer(Spool.layerOff)("a node that may keep nothing", (it) => {
  it.effect("takes nothing, and says so", () =>
    Effect.gen(function* () {
      const spool = yield* Spool
      assert.deepInclude(yield* Effect.flip(spool.put(entry("one"))), { _tag: "SpoolFull" })
      assert.deepInclude(yield* spool.snapshot, { usable: false, depth: 0 })
    })
  )
})
