/**
 * Whether there is a crowd at this node's door: more requests than it can answer. Jobs can wait, so those that run in the
 * same process leave the processor and the database to the requests then, all but a few of them.
 */
import { Context, Layer } from "effect"

export class Crowd extends Context.Service<Crowd, { isAtTheDoor: () => boolean }>()("holdfast/jobs/Crowd") {
  /** Nobody, until a door says otherwise. */
  static readonly layer = Layer.sync(Crowd, () => ({ isAtTheDoor: () => false }))
}
