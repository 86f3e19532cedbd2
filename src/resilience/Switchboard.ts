/**
 * The orders in force, in memory, with listeners: the part of `KillSwitches` that every store shares.
 *
 * An order past its end is not in force, whether or not anybody has removed it yet.
 */
import { Effect, type Scope } from "effect"
import { isInForce, type Override, type OverrideKind } from "./overrides.ts"

/** Told what stands for its target, ended orders included until they are removed. */
export type Listener = (overrides: ReadonlyArray<Override>) => void

export class Switchboard {
  private readonly orders = new Map<string, ReadonlyArray<Override>>()
  private readonly listeners = new Map<string, Set<Listener>>()

  put(override: Override): void {
    this.update(override.target, [...this.without(override.target, override.kind), override])
  }

  /** True: there was one. */
  remove(target: string, kind: OverrideKind): boolean {
    const before = this.orders.get(target) ?? []
    const after = this.without(target, kind)
    if (after.length === before.length) return false
    this.update(target, after)
    return true
  }

  /** Puts exactly these in force, as a store has them. Targets whose orders are the same hear nothing. */
  replaceAll(overrides: ReadonlyArray<Override>): void {
    const targets = new Set([...this.orders.keys(), ...overrides.map((override) => override.target)])
    for (const target of targets) {
      const wanted = overrides.filter((override) => override.target === target)
      if (!sameOrders(this.orders.get(target) ?? [], wanted)) this.update(target, wanted)
    }
  }

  readonly active = (target: string, wallMillis: number): ReadonlyArray<Override> =>
    (this.orders.get(target) ?? []).filter((override) => isInForce(override, wallMillis))

  readonly all = (wallMillis: number): ReadonlyArray<Override> =>
    [...this.orders.keys()].flatMap((target) => this.active(target, wallMillis))

  readonly watch = (target: string, listener: Listener): Effect.Effect<void, never, Scope.Scope> =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const others = this.listeners.get(target) ?? new Set()
        this.listeners.set(target, others.add(listener))
        listener(this.orders.get(target) ?? [])
      }),
      () =>
        Effect.sync(() => {
          const others = this.listeners.get(target)
          others?.delete(listener)
          if (others?.size === 0) this.listeners.delete(target)
        })
    )

  private without(target: string, kind: OverrideKind): ReadonlyArray<Override> {
    return (this.orders.get(target) ?? []).filter((override) => override.kind !== kind)
  }

  private update(target: string, overrides: ReadonlyArray<Override>): void {
    if (overrides.length === 0) this.orders.delete(target)
    else this.orders.set(target, overrides)
    for (const listener of this.listeners.get(target) ?? []) listener(overrides)
  }
}

const sameOrders = (some: ReadonlyArray<Override>, others: ReadonlyArray<Override>): boolean =>
  some.length === others.length &&
  some.every((one) =>
    others.some(
      (other) =>
        one.kind === other.kind &&
        one.since === other.since &&
        one.until === other.until &&
        one.actor === other.actor &&
        one.persisted === other.persisted
    )
  )
