/**
 * Callers who wait for a permit: a bounded line, critical ones first, each kind in order of arrival.
 *
 * Sheddable calls never wait. When the line is full a critical call takes the place of the default one that came last.
 * Whoever leaves (an interrupt, the wait limit, the deadline) is gone at once: no permit is spent on an absent caller.
 */
import type { Priority } from "./options.ts"

export interface Waiter {
  readonly priority: Priority
  /** Its place was given to a more important call. */
  readonly evicted: () => void
}

export class WaitingLine<W extends Waiter> {
  private readonly critical = new Set<W>()
  private readonly normal = new Set<W>()

  get size(): number {
    return this.critical.size + this.normal.size
  }

  /** Whether it could join: there is a place, or that of a less important one. */
  hasPlace(priority: Priority, limit: number): boolean {
    if (priority === "sheddable") return false
    return this.size < limit || (priority === "critical" && limit > 0 && this.normal.size > 0)
  }

  /** False: there is no place. */
  join(waiter: W, limit: number): boolean {
    if (!this.hasPlace(waiter.priority, limit)) return false
    if (this.size >= limit) {
      const last = [...this.normal].at(-1)
      if (last === undefined) return false
      this.normal.delete(last)
      last.evicted()
    }
    if (waiter.priority === "critical") this.critical.add(waiter)
    else this.normal.add(waiter)
    return true
  }

  leave(waiter: W): void {
    if (!this.critical.delete(waiter)) this.normal.delete(waiter)
  }

  /** Takes the next one out that there is room for. */
  next(hasRoom: (waiter: W) => boolean = () => true): W | undefined {
    for (const line of [this.critical, this.normal]) {
      for (const waiter of line) {
        if (!hasRoom(waiter)) continue
        line.delete(waiter)
        return waiter
      }
    }
    return undefined
  }
}
