/**
 * A worker as a process of its own, to be killed: runs replays and the jobs of the queue `bulk`, and writes the key of
 * each that it ran as a line of a file. Says how many after every hundred.
 *
 *     node replayingProcess.ts <database url> <file>
 */
import * as fs from "node:fs"
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted } from "effect"
import { Database } from "../../src/database/Database.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { replayQueue, runReplay } from "../../src/jobs/replays.ts"
import { runWorker } from "../../src/jobs/Worker.ts"

const [, , url = "", file = ""] = process.argv

const work = Effect.gen(function* () {
  let ran = 0
  const handle = yield* runReplay
  const bulk = runWorker({
    queue: "bulk",
    concurrency: 20,
    prefetch: 180,
    handle: (job) =>
      Effect.as(
        Effect.suspend(() => {
          fs.appendFileSync(file, `${job.key}\n`)
          return ++ran % 100 === 0 ? Console.log(`${ran} `) : Effect.void
        }),
        Settlement.done
      )
  })
  yield* Effect.all([runWorker({ queue: replayQueue, concurrency: 1, handle }), bulk], { concurrency: "unbounded" })
})

NodeRuntime.runMain(
  work.pipe(Effect.provide(Jobs.layer.pipe(Layer.provideMerge(Database.layer({ url: Redacted.make(url) })))))
)
