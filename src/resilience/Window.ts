/**
 * Sums over the last so many milliseconds: ten slots of time, the oldest forgotten as a whole.
 *
 * Costs an index and an addition; forgets nothing for longer than the window and a tenth.
 */
const slots = 10

export class Window {
  private widthMs: number
  private slot = 0
  private readonly parts: Array<Float64Array>
  /** The sums, one for each measure. */
  readonly totals: Float64Array

  constructor(measures: number, windowMs: number) {
    this.widthMs = windowMs / slots
    this.parts = Array.from({ length: slots }, () => new Float64Array(measures))
    this.totals = new Float64Array(measures)
  }

  /** Forgets what is too old. Call it before reading `totals`. */
  advance(now: number): void {
    const slot = Math.floor(now / this.widthMs)
    if (slot <= this.slot) return
    const steps = Math.min(slots, slot - this.slot)
    for (let step = 1; step <= steps; step++) {
      const part = this.parts[(this.slot + step) % slots]!
      for (let measure = 0; measure < part.length; measure++) this.totals[measure]! -= part[measure]!
      part.fill(0)
    }
    this.slot = slot
    if (steps === slots) this.totals.fill(0)
  }

  add(now: number, measure: number, amount: number): void {
    this.advance(now)
    this.parts[this.slot % slots]![measure]! += amount
    this.totals[measure]! += amount
  }

  clear(): void {
    for (const part of this.parts) part.fill(0)
    this.totals.fill(0)
  }

  /** Another length of time: what has been counted stays, as if it had just happened. */
  resize(now: number, windowMs: number): void {
    if (windowMs === this.widthMs * slots) return
    this.advance(now)
    const kept = Float64Array.from(this.totals)
    this.clear()
    this.widthMs = windowMs / slots
    this.slot = Math.floor(now / this.widthMs)
    this.parts[this.slot % slots]!.set(kept)
    this.totals.set(kept)
  }
}
