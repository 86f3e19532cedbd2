/** What was measured: by measurement and queue, a list for each round. */
export class Figures {
  readonly #rounds = new Map<string, Array<ReadonlyArray<number>>>()

  note(what: string, name: string, values: ReadonlyArray<number>): void {
    const key = `${what} ${name}`
    this.#rounds.set(key, [...(this.#rounds.get(key) ?? []), values])
    console.error(`${key}: ${median(values).toFixed(1)}`)
  }
  clear(): void {
    this.#rounds.clear()
  }
  all(what: string, name: string): ReadonlyArray<number> {
    return (this.#rounds.get(`${what} ${name}`) ?? []).flat()
  }
  /** One figure a round. */
  rounds(what: string, name: string): ReadonlyArray<number> {
    return (this.#rounds.get(`${what} ${name}`) ?? []).map(median)
  }
}

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
export const median = (values: ReadonlyArray<number>) => quantile(values, 0.5)

/** Each round's share of the other's in the same round: what slows both down in a round is not in it. */
export const ratios = (ours: ReadonlyArray<number>, theirs: ReadonlyArray<number>): ReadonlyArray<number> =>
  ours.flatMap((value, round) => {
    const other = theirs[round]
    return other === undefined ? [] : [value / other]
  })

/** Median, and in brackets least and most. */
export const withSpread = (values: ReadonlyArray<number>, digits = 2): string =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`
