/**
 * Whether there is a crowd at this node's door (more requests than it can answer), and whether requests wait: at the door
 * or for the event loop. Jobs can wait, so those that run in the same process leave the processor and the database to the
 * requests then, all but a few of them.
 */
import { Context, Layer } from "effect"

export class Crowd extends Context.Service<Crowd, { isAtTheDoor: () => boolean; requestsWait: () => boolean }>()(
  "holdfast/jobs/Crowd"
) {
  /** Nobody, until a door says otherwise: a node that only works has none. */
  static readonly layer = Layer.sync(Crowd, () => ({ isAtTheDoor: () => false, requestsWait: () => false }))
}
