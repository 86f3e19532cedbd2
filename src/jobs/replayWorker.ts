/** The worker of replays on this node. */
import { Effect, Layer } from "effect"
import { replayQueue, replaysAtOnce, runReplay } from "./replays.ts"
import { runWorker } from "./Worker.ts"

export const replayWorker = Layer.effectDiscard(
  Effect.flatMap(runReplay, (handle) =>
    Effect.forkScoped(runWorker({ queue: replayQueue, concurrency: replaysAtOnce, handle }))
  )
)
