/**
 * The first half of a shutdown, while everything still works: whoever sends requests here learns to send them elsewhere.
 *
 * The node is not ready any more, so a proxy that looks takes it out. Until it has looked, `delay` long, new connections
 * are taken as ever; each answer closes its connection, so that none is left over; and who waits for an order's outcome
 * is told at once how it stands. After that the listener closes, and what is under way has the rest of the grace.
 */
import { Context, type Duration, Effect } from "effect"
import { Outcomes } from "../orders/Outcomes.ts"
import { Health } from "./Health.ts"

/** Whether it has begun. Of a node that never ends unless it is provided. */
export const Drain = Context.Reference<{ begun: boolean }>("holdfast/ops/Drain", {
  defaultValue: () => ({ begun: false })
})

export const beginDrain = Effect.fnUntraced(function* (delay: Duration.Duration) {
  const [drain, health, outcomes] = [yield* Drain, yield* Health, yield* Outcomes]
  return Effect.gen(function* () {
    yield* health.drain
    drain.begun = true
    yield* outcomes.endWaiting
    yield* Effect.sleep(delay)
  })
})
