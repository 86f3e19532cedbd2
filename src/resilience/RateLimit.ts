/**
 * So many attempts in so much time, and so many at once: one number of state (the generic cell rate algorithm).
 *
 * Refuses, never waits: whoever may wait has a deadline and knows it better.
 */
import type { Settings } from "./settings.ts"

export class RateLimit {
  private settings: NonNullable<Settings["rateLimit"]>
  /** The time at which the allowance would be whole again, were nothing more taken. */
  private wholeAt = -Infinity

  constructor(settings: NonNullable<Settings["rateLimit"]>) {
    this.settings = settings
  }

  /** Milliseconds until the next one may start; zero or less: now. */
  waitMs(now: number): number {
    return this.wholeAt - now - (this.settings.burst - 1) * this.settings.intervalMs
  }

  take(now: number): void {
    this.wholeAt = Math.max(this.wholeAt, now) + this.settings.intervalMs
  }

  /** What was taken counts on, in the new interval. */
  reconfigure(now: number, settings: NonNullable<Settings["rateLimit"]>): void {
    const owed = Math.max(0, this.wholeAt - now) / this.settings.intervalMs
    this.wholeAt = now + owed * settings.intervalMs
    this.settings = settings
  }
}
