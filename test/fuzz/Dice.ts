/** Chance that can be repeated: the same seed, the same throws (mulberry32). */
export class Dice {
  private state: number

  constructor(seed: number) {
    this.state = seed | 0
  }

  /** 0 to 1, without 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  chance(part: number): boolean {
    return this.next() < part
  }

  /** 0 to `most`, without `most`. */
  below(most: number): number {
    return Math.floor(this.next() * most)
  }

  /** One of some; the list is never empty. */
  one<A>(of: ReadonlyArray<A>): A {
    return of[this.below(of.length)] as A
  }
}
