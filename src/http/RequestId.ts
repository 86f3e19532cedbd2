/** Ids of requests: `req_` and 128 random bits. Random, so that they tell nothing about the node or its traffic. */
import { Context, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"

const nextUnsafe = () => `req_${randomBytes(16).toString("hex")}`

export class RequestId extends Context.Service<
  RequestId,
  {
    readonly next: Effect.Effect<string>
    /** The same, where there is no fiber. */
    readonly nextUnsafe: () => string
  }
>()("holdfast/http/RequestId") {
  static readonly layer = Layer.succeed(RequestId, { next: Effect.sync(nextUnsafe), nextUnsafe })
}
