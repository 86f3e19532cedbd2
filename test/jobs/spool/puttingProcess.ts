/**
 * A node as a process of its own, to be killed: puts entries into a spool, twenty at a time, and says the id of each
 * that was acknowledged.
 *
 *     node puttingProcess.ts <folder> <prefix of the ids>
 */
import * as fs from "node:fs"
import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import { spoolLimits } from "../../../src/jobs/spool/spoolLimits.ts"
import { entry } from "./entries.ts"

const [, , folder = "", prefix = ""] = process.argv
const stdout = 1

const putting = Effect.gen(function* () {
  const spool = yield* Spool
  const ids = Array.from({ length: spoolLimits.entries }, (_, n) => `${prefix}-${n}`)
  yield* Effect.forEach(ids, (id) => Effect.map(spool.put(entry(id)), () => fs.writeSync(stdout, `${id}\n`)), {
    concurrency: 20,
    discard: true
  })
  return yield* Effect.never
})

NodeRuntime.runMain(putting.pipe(Effect.provide(Spool.layer(folder))))
