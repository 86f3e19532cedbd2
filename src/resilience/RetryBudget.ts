/**
 * How many retries a dependency may cost: a share of what it lately answered, and a small reserve.
 *
 * Counts successes, not calls: a dependency that answers nothing earns nothing, so an outage is not fed by its own victims.
 * A hedge costs the same as a retry.
 */
import type { Settings } from "./settings.ts"
import { Window } from "./Window.ts"

export class RetryBudget {
  private settings: Settings["budget"]
  private readonly earned: Window
  private reserve: number
  private refilledAt = 0

  constructor(settings: Settings["budget"]) {
    this.settings = settings
    this.earned = new Window(1, settings.windowMs)
    this.reserve = settings.reserve
  }

  /** Retries that could start now. */
  left(now: number): number {
    this.earned.advance(now)
    return Math.max(0, Math.floor(this.earned.totals[0]! + 1e-9)) + Math.floor(this.refilled(now) + 1e-9)
  }

  /** A success of the dependency. */
  deposit(now: number): void {
    this.earned.add(now, 0, this.settings.ratio)
  }

  /** Takes one retry, from what was earned first; false when there is none. */
  take(now: number): boolean {
    this.earned.advance(now)
    if (this.earned.totals[0]! >= 1 - 1e-9) {
      this.earned.add(now, 0, -1)
      return true
    }
    const reserve = this.refilled(now)
    this.refilledAt = now
    this.reserve = reserve >= 1 - 1e-9 ? reserve - 1 : reserve
    return reserve >= 1 - 1e-9
  }

  reconfigure(now: number, settings: Settings["budget"]): void {
    this.earned.resize(now, settings.windowMs)
    this.reserve = Math.min(settings.reserve, this.refilled(now))
    this.refilledAt = now
    this.settings = settings
  }

  private refilled(now: number): number {
    const gained = Math.max(0, now - this.refilledAt) * this.settings.refillPerMs
    return Math.min(this.settings.reserve, this.reserve + gained)
  }
}
