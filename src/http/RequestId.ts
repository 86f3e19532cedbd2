/** Ids of requests: `req_` and 128 random bits. Random, so that they tell nothing about the node or its traffic. */
import { Context, Effect, Layer } from "effect"
import { drawIds } from "../telemetry/randomIds.ts"

const idBytes = 16

export class RequestId extends Context.Service<
  RequestId,
  {
    readonly next: Effect.Effect<string>
    /** The same, where there is no fiber. */
    readonly nextUnsafe: () => string
  }
>()("holdfast/http/RequestId") {
  static readonly layer = Layer.sync(RequestId, () => {
    const draw = drawIds(idBytes)
    const nextUnsafe = () => `req_${draw()}`
    return { next: Effect.sync(nextUnsafe), nextUnsafe }
  })
}
