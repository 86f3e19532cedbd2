/**
 * A rolling percentile of durations in a fixed amount of memory.
 *
 * Buckets grow by the fourth root of two, so an answer is at most 19 % too high, never too low. Two generations of samples
 * take turns: what is older than two of them is forgotten.
 */
const buckets = 128
const perDoubling = 4
/** The first bucket ends at an eighth of a millisecond; the last one past nine days. */
const scale = 8
/** Large enough for a 95th percentile that does not jump, small enough to follow a change within seconds under load. */
const generation = 500

export class Percentile {
  private recent = new Uint32Array(buckets)
  private earlier = new Uint32Array(buckets)
  private inRecent = 0
  private inEarlier = 0

  get samples(): number {
    return this.inRecent + this.inEarlier
  }

  add(millis: number): void {
    const bucket = Math.floor(Math.log2(Math.max(1, millis * scale)) * perDoubling)
    this.recent[Math.min(buckets - 1, bucket)]!++
    if (++this.inRecent < generation) return
    const empty = this.earlier.fill(0)
    this.earlier = this.recent
    this.inEarlier = this.inRecent
    this.recent = empty
    this.inRecent = 0
  }

  /** Whole milliseconds that `share` of the samples stayed under. */
  at(share: number): number {
    const wanted = this.samples * share
    let seen = 0
    for (let bucket = 0; bucket < buckets; bucket++) {
      seen += this.recent[bucket]! + this.earlier[bucket]!
      if (seen >= wanted) return Math.ceil(2 ** ((bucket + 1) / perDoubling) / scale)
    }
    return Infinity
  }
}
