/**
 * Every Dependency that was made while this service was provided: for an operator's page and for routes by name.
 *
 * A name belongs to one Dependency at a time. A second one is a defect: two circuits that share a name would each tell
 * half of the truth.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { Dependency } from "./Dependency.ts"
import type { DependencySnapshot } from "./snapshot.ts"

export class Dependencies extends Context.Service<
  Dependencies,
  {
    /** Until the scope closes. `Dependency.make` does it. */
    readonly register: (dependency: Dependency) => Effect.Effect<void, never, Scope.Scope>
    readonly find: (name: string) => Dependency | undefined
    /** By name. */
    readonly snapshot: Effect.Effect<ReadonlyArray<DependencySnapshot>>
  }
>()("holdfast/resilience/Dependencies") {
  static readonly layer = Layer.sync(Dependencies, () => {
    const byName = new Map<string, Dependency>()
    const register = (dependency: Dependency) =>
      Effect.suspend(() => {
        if (byName.has(dependency.name))
          return Effect.die(new Error(`There are two dependencies "${dependency.name}".`))
        byName.set(dependency.name, dependency)
        return Effect.addFinalizer(() => Effect.sync(() => byName.delete(dependency.name)))
      })
    const sorted = () => [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
    return Dependencies.of({
      register,
      find: (name) => byName.get(name),
      snapshot: Effect.suspend(() => Effect.forEach(sorted(), (dependency) => dependency.snapshot))
    })
  })
}
