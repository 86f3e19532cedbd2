/**
 * The last good value of each key. A failed refresh changes nothing here; only a success replaces a value, only age hides it.
 */
export interface Kept {
  readonly value: unknown
  readonly at: number
}

export class LastGood {
  private readonly kept = new Map<string, Kept>()

  get size(): number {
    return this.kept.size
  }

  /** Keeps at most `limit` values; the one that was refreshed longest ago goes first. */
  keep(key: string, value: unknown, now: number, limit: number): void {
    this.kept.delete(key)
    this.kept.set(key, { value, at: now })
    if (this.kept.size <= limit) return
    for (const oldest of this.kept.keys()) {
      this.kept.delete(oldest)
      return
    }
  }

  find(key: string, now: number, maximumAgeMs: number): Kept | undefined {
    const found = this.kept.get(key)
    return found !== undefined && now - found.at <= maximumAgeMs ? found : undefined
  }
}
