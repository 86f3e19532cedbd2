/**
 * A worker as a process of its own, to be killed: runs replays and the jobs of the queue `bulk`, and writes the key of
 * each that it ran as a line of a file. Kills itself when it has run so many, if it is told how many.
 *
 *     node replayingProcess.ts <database url> <file> [<how many>]
 */
import * as fs from "node:fs"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { Database } from "../../src/database/Database.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { replayQueue, runReplay } from "../../src/jobs/replays.ts"
import { runWorker } from "../../src/jobs/Worker.ts"

const [, , url = "", file = "", last] = process.argv

const work = Effect.gen(function* () {
  let ran = 0
  const handle = yield* runReplay
  const bulk = runWorker({
    queue: "bulk",
    concurrency: 20,
    prefetch: 180,
    handle: (job) =>
      Effect.as(
        Effect.sync(() => {
          fs.appendFileSync(file, `${job.key}\n`)
          if (String(++ran) === last) process.kill(process.pid, "SIGKILL")
        }),
        Settlement.done
      )
  })
  yield* Effect.all([runWorker({ queue: replayQueue, concurrency: 1, handle }), bulk], { concurrency: "unbounded" })
})

NodeRuntime.runMain(
  work.pipe(Effect.provide(Jobs.layer.pipe(Layer.provideMerge(Database.layer({ url: Redacted.make(url) })))))
)
