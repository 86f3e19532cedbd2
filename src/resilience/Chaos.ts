/**
 * Faults on demand: latency, a failure, or an answer in place of the call, for a share of a dependency's attempts.
 *
 * Innermost of all strategies, so everything around it behaves as it would towards a dependency that really does this.
 * Absent unless its Layer is installed when the Dependency is made; then a dependency without a plan is left alone.
 */
import { Context, type Duration, Effect, Layer, Random } from "effect"
import type { TransientFailure } from "./errors.ts"

export interface ChaosPlan {
  /** Slept before the call. */
  readonly latency?: { readonly share: number; readonly delay: Duration.Input }
  /** In place of the call. */
  readonly fault?: { readonly share: number; readonly failure: TransientFailure }
  /** In place of the call. The caller of the kit vouches that it is what the call would answer. */
  readonly outcome?: { readonly share: number; readonly value: unknown }
}

/** What was done to an attempt. */
export type ChaosKind = "latency" | "fault" | "outcome"

export class Chaos extends Context.Service<
  Chaos,
  {
    readonly plan: (dependency: string, plan: ChaosPlan) => Effect.Effect<void>
    readonly clear: (dependency: string) => Effect.Effect<void>
    readonly plans: Effect.Effect<ReadonlyMap<string, ChaosPlan>>
    /** The call as the plan has it. `done` hears of every injection. */
    readonly around: <A, E, R>(
      dependency: string,
      call: Effect.Effect<A, E, R>,
      done: (kind: ChaosKind) => void
    ) => Effect.Effect<A, E | TransientFailure, R>
  }
>()("holdfast/resilience/Chaos") {
  static readonly make = Effect.sync(() => {
    const plans = new Map<string, ChaosPlan>()
    return Chaos.of({
      plan: (dependency, plan) => Effect.sync(() => void plans.set(dependency, plan)),
      clear: (dependency) => Effect.sync(() => void plans.delete(dependency)),
      plans: Effect.sync(() => new Map(plans)),
      around: (dependency, call, done) =>
        Effect.suspend(() => {
          const plan = plans.get(dependency)
          return plan === undefined ? call : disturb(plan, call, done)
        })
    })
  })

  static readonly layer = Layer.effect(Chaos, Chaos.make)
}

const disturb = Effect.fnUntraced(function* <A, E, R>(
  plan: ChaosPlan,
  call: Effect.Effect<A, E, R>,
  done: (kind: ChaosKind) => void
): Effect.fn.Return<A, E | TransientFailure, R> {
  if (plan.latency !== undefined && (yield* Random.next) < plan.latency.share) {
    done("latency")
    yield* Effect.sleep(plan.latency.delay)
  }
  if (plan.fault !== undefined && (yield* Random.next) < plan.fault.share) {
    done("fault")
    return yield* Effect.fail(plan.fault.failure)
  }
  if (plan.outcome !== undefined && (yield* Random.next) < plan.outcome.share) {
    done("outcome")
    return plan.outcome.value as A
  }
  return yield* call
})
