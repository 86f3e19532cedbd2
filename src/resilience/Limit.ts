/**
 * How many attempts may be out at once: the bulkhead, fixed or adaptive.
 *
 * Adaptive means additive increase (one more per limit's worth of successes, and only while at least half of it is in use)
 * and multiplicative decrease on drops (a timeout, or being told to wait), once per round of attempts: a burst that fails
 * together says one thing, not a hundred.
 */
import type { Priority } from "./options.ts"
import type { Settings } from "./settings.ts"

const decrease = 0.9
/** Growing a limit that nobody reaches would say nothing about what the dependency bears. */
const usedShare = 0.5
/** The last fifth is kept for calls that somebody waits for. */
const sheddableShare = 0.8

export class Limit {
  private settings: Settings["limit"]
  private limit: number
  private decreasedAt = -Infinity
  /** Attempts that have not ended, abandoned ones included. */
  inFlight = 0

  constructor(settings: Settings["limit"]) {
    this.settings = settings
    this.limit = settings.initial
  }

  /** The limit in whole permits; `share` is the circuit's, below one while it comes back. */
  permits(share: number): number {
    return Math.max(1, Math.floor(this.limit * share))
  }

  hasRoom(share: number, priority: Priority): boolean {
    if (priority !== "sheddable") return this.inFlight < this.permits(share)
    return this.inFlight < this.permits(share * sheddableShare)
  }

  /** An attempt was answered. `inFlight` still counts it. */
  succeeded(): void {
    if (this.limit >= this.settings.maximum || this.inFlight < this.limit * usedShare) return
    this.limit = Math.min(this.settings.maximum, this.limit + 1 / this.limit)
  }

  /** An attempt that started at `startedAt` was dropped. */
  dropped(now: number, startedAt: number): void {
    if (this.limit <= this.settings.minimum || startedAt < this.decreasedAt) return
    this.limit = Math.max(this.settings.minimum, this.limit * decrease)
    this.decreasedAt = now
  }

  /** A limit that has adapted stays where it is, within the new bounds; a fixed one is the new number. */
  reconfigure(settings: Settings["limit"]): void {
    this.settings = settings
    this.limit = Math.min(settings.maximum, Math.max(settings.minimum, this.limit))
  }
}
