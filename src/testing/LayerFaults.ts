/**
 * Faults around any Layer: the calls of a service are slow, hang or fail, before they did anything or after they did it.
 *
 *     const payments = LayerFaults.around(Payments, PaymentsMemory.layer)
 *     yield* (yield* LayerFaults).add({ service: Payments, mode: "hang_after", method: "confirm", times: 1 })
 *
 * The names are those of the sandbox's faults, so what a test does to a fake can be done to a real process as well. The
 * first fault that fits a call strikes it, and only that one. Time is the fiber's: TestClock drives it.
 */
import { Context, type Duration, Effect, Layer } from "effect"

interface Named {
  readonly key: string
}

export type LayerFault = {
  readonly service: Named
  /** One method; all of them when absent. */
  readonly method?: string
  /** Strikes so often, then ends; until it is cleared when absent. */
  readonly times?: number
} & (
  | { readonly mode: "latency"; readonly for: Duration.Input }
  | { readonly mode: "hang_before" | "hang_after" }
  /** The caller vouches that the method can fail so. */
  | { readonly mode: "fail_before" | "fail_after"; readonly with: unknown }
)

type Call = Effect.Effect<unknown, unknown, unknown>

const struckBy = (fault: LayerFault, call: Call): Call => {
  switch (fault.mode) {
    case "latency":
      return Effect.delay(call, fault.for)
    case "hang_before":
      return Effect.never
    case "hang_after":
      return Effect.andThen(call, Effect.never)
    case "fail_before":
      return Effect.fail(fault.with)
    case "fail_after":
      return Effect.andThen(call, Effect.fail(fault.with))
  }
}

export class LayerFaults extends Context.Service<
  LayerFaults,
  {
    readonly add: (fault: LayerFault) => Effect.Effect<void>
    readonly clear: Effect.Effect<void>
    /** The call as the faults in force have it. */
    readonly around: (service: Named, method: string, call: Call) => Call
  }
>()("holdfast/testing/LayerFaults") {
  static readonly layer = Layer.sync(LayerFaults, () => {
    let active: Array<{ readonly fault: LayerFault; struck: number }> = []
    const strike = ({ key }: Named, method: string) =>
      active.find(
        ({ fault, struck }) =>
          fault.service.key === key &&
          (fault.method ?? method) === method &&
          (fault.times === undefined || struck < fault.times)
      )
    return LayerFaults.of({
      add: (fault) => Effect.sync(() => void active.push({ fault, struck: 0 })),
      clear: Effect.sync(() => {
        active = []
      }),
      around: (service, method, call) =>
        Effect.suspend(() => {
          const found = strike(service, method)
          if (found === undefined) return call
          found.struck++
          return struckBy(found.fault, call)
        })
    })
  })

  /** The service of the layer, its calls under the faults of `LayerFaults`, which come along. */
  static readonly around = <I, S extends object, ROut, E, R>(
    service: Context.Key<I, S>,
    layer: Layer.Layer<I | ROut, E, R>
  ): Layer.Layer<I | ROut | LayerFaults, E, R> =>
    Layer.effect(
      service,
      Effect.gen(function* () {
        const [faults, healthy] = [yield* LayerFaults, yield* service]
        const members = Object.entries(healthy).map(([name, member]: [string, unknown]) => {
          if (Effect.isEffect(member)) return [name, faults.around(service, name, member)]
          if (typeof member !== "function") return [name, member]
          return [name, (...args: ReadonlyArray<unknown>) => faults.around(service, name, member(...args) as Call)]
        })
        return Object.fromEntries(members) as S
      })
    ).pipe(Layer.provideMerge(layer), Layer.provideMerge(LayerFaults.layer)) as Layer.Layer<
      I | ROut | LayerFaults,
      E,
      R
    >
}
