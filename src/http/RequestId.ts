/** Ids of requests: `req_` and 128 random bits. Random, so that they tell nothing about the node or its traffic. */
import { Context, Effect, Layer } from "effect"
import { randomFillSync } from "node:crypto"

const idBytes = 16
/** Asking for random bytes costs the same for one id as for 256: a twentieth of what a flooded node does, id by id. */
const idsAtOnce = 256

const drawing = () => {
  const reserve = Buffer.alloc(idsAtOnce * idBytes)
  let used = reserve.length
  return () => {
    if (used === reserve.length) {
      randomFillSync(reserve)
      used = 0
    }
    used += idBytes
    return `req_${reserve.toString("hex", used - idBytes, used)}`
  }
}

export class RequestId extends Context.Service<
  RequestId,
  {
    readonly next: Effect.Effect<string>
    /** The same, where there is no fiber. */
    readonly nextUnsafe: () => string
  }
>()("holdfast/http/RequestId") {
  static readonly layer = Layer.sync(RequestId, () => {
    const nextUnsafe = drawing()
    return { next: Effect.sync(nextUnsafe), nextUnsafe }
  })
}
