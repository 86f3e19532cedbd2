/**
 * The faults in force, and how much traffic the sandbox has seen.
 *
 * The first fault that matches a request strikes it, and only that one. Kept in memory: a restarted sandbox is healthy.
 */
import { Context, Effect, Layer, Random } from "effect"
import type { Fault } from "./fault.ts"

/** What no order waits for: a fault that names no path is not meant for these. */
const aside = /^\/(resend|recommendations|analytics)\//

export interface ActiveFault {
  readonly fault: Fault
  readonly struck: number
}

export interface Traffic {
  readonly requests: number
  readonly in_flight: number
  readonly max_in_flight: number
}

export class Faults extends Context.Service<
  Faults,
  {
    readonly add: (fault: Fault) => Effect.Effect<void>
    /** Those with this path, or all. */
    readonly clear: (path?: string) => Effect.Effect<void>
    readonly active: Effect.Effect<ReadonlyArray<ActiveFault>>
    /** The fault that strikes this request, counted against its `times`. */
    readonly strike: (method: string, path: string) => Effect.Effect<Fault | undefined>
    readonly counted: <A, E, R>(request: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    readonly traffic: Effect.Effect<Traffic>
  }
>()("holdfast/sandbox/Faults") {
  static readonly layer = Layer.effect(
    Faults,
    Effect.gen(function* () {
      const random = yield* Random.Random
      let active: ReadonlyArray<{ readonly fault: Fault; struck: number }> = []
      let requests = 0
      let inFlight = 0
      let maxInFlight = 0
      const strike = (method: string, path: string): Fault | undefined => {
        for (const entry of active) {
          const { fault } = entry
          if (fault.method !== undefined && fault.method !== method) continue
          if (fault.path === undefined ? aside.test(path) : !path.includes(fault.path)) continue
          if (fault.share !== undefined && random.nextDoubleUnsafe() >= fault.share) continue
          if (fault.times !== undefined && entry.struck >= fault.times) continue
          entry.struck++
          return fault
        }
        return undefined
      }
      return Faults.of({
        add: (fault) => Effect.sync(() => void (active = [...active, { fault, struck: 0 }])),
        clear: (path) =>
          Effect.sync(() => void (active = active.filter(({ fault }) => path !== undefined && fault.path !== path))),
        active: Effect.sync(() => active.map(({ fault, struck }) => ({ fault, struck }))),
        strike: (method, path) => Effect.sync(() => strike(method, path)),
        counted: (request) =>
          Effect.suspend(() => {
            requests++
            maxInFlight = Math.max(maxInFlight, ++inFlight)
            return Effect.ensuring(
              request,
              Effect.sync(() => inFlight--)
            )
          }),
        traffic: Effect.sync(() => ({ requests, in_flight: inFlight, max_in_flight: maxInFlight }))
      })
    })
  )
}
