/** The harm of a scenario in which a provider fails. */
import { Duration, Effect } from "effect"
import type { Fault } from "../../src/sandbox/fault.ts"
import type { World } from "./World.ts"

/** `faults` strike one after the other, each for its share of the time; then the provider is well. */
export const played = (faults: ReadonlyArray<Fault>) => (world: World, seconds: number) =>
  Effect.forEach(
    faults,
    (fault) =>
      world.provider.healthy.pipe(
        Effect.andThen(world.provider.fault(fault)),
        Effect.andThen(Effect.sleep(Duration.seconds(seconds / faults.length)))
      ),
    { discard: true }
  ).pipe(Effect.andThen(world.provider.healthy))
