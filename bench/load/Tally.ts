/** What became of the requests of one kind: counted as they are answered, because a list of answers costs memory and time. */
export class Tally {
  sent = 0
  /** Well answered, and within the deadline: the time of each in milliseconds, from when it was due, and when it came. */
  readonly goodMillis: Array<number> = []
  readonly goodAt: Array<number> = []
  /** Answered 503 `overloaded`: how long that took. */
  readonly refusedMillis: Array<number> = []
  /** Everything else: codes of problems, `late` for what came after its deadline, `lost` for connections that ended. */
  readonly others = new Map<string, number>()

  other(what: string): void {
    this.others.set(what, (this.others.get(what) ?? 0) + 1)
  }

  /** How many were well answered in the worst second after the first few. */
  worstSecond(began: number, seconds: number, leaveOut: number): number {
    const bySecond = Array.from({ length: seconds }, () => 0)
    for (const at of this.goodAt) {
      const second = Math.floor((at - began) / 1000)
      if (second >= 0 && second < seconds) bySecond[second] = (bySecond[second] ?? 0) + 1
    }
    return Math.min(...bySecond.slice(Math.min(leaveOut, seconds - 1)))
  }
}

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
