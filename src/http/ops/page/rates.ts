/** How each dependency was used in the last minute: what its counts have grown by between two looks. */
import { type DependencySnapshot, durationBoundaries } from "../../../resilience/index.ts"

export interface Rate {
  readonly callsPerSecond: number
  /** Of the attempts; undefined: there was none. */
  readonly failedShare: number | undefined
  /** 99 of 100 calls took no longer; infinite: longer than the last boundary; undefined: there was none. */
  readonly p99Millis: number | undefined
}
export type Rates = ReadonlyMap<string, Rate>

const windowMillis = 60_000
/** Looks that are closer together than this are one. */
const stepMillis = 5_000

interface Kept {
  readonly atMillis: number
  readonly byName: ReadonlyMap<string, DependencySnapshot>
}

/** Remembers looks for a minute, a few of them; each look is compared with the oldest that is remembered. */
export const comparing = () => {
  let kept: ReadonlyArray<Kept> = []
  return (atMillis: number, circuits: ReadonlyArray<DependencySnapshot>): Rates => {
    const now = { atMillis, byName: new Map(circuits.map((circuit) => [circuit.name, circuit])) }
    // The last one that is older than the window bounds it.
    const inside = kept.findIndex((one) => atMillis - one.atMillis < windowMillis)
    kept = kept.slice(Math.max(0, inside === -1 ? kept.length - 1 : inside - 1))
    const [oldest] = kept
    const last = kept.at(-1)
    if (last === undefined || atMillis - last.atMillis >= stepMillis) kept = [...kept, now]
    return new Map(
      circuits.flatMap((circuit) => {
        const before = oldest?.byName.get(circuit.name)
        const seconds = (atMillis - (oldest?.atMillis ?? atMillis)) / 1000
        return before === undefined || seconds <= 0 ? [] : [[circuit.name, rateOf(before, circuit, seconds)] as const]
      })
    )
  }
}

const rateOf = (before: DependencySnapshot, now: DependencySnapshot, seconds: number): Rate => {
  const attempts = now.attempts - before.attempts
  return {
    callsPerSecond: (now.calls - before.calls) / seconds,
    failedShare: attempts === 0 ? undefined : Math.min(1, (now.failures - before.failures) / attempts),
    p99Millis: p99(now.durations.map((count, index) => count - (before.durations[index] ?? 0)))
  }
}

const p99 = (counts: ReadonlyArray<number>): number | undefined => {
  const all = counts.reduce((sum, count) => sum + count, 0)
  let seen = 0
  const bucket = counts.findIndex((count) => (seen += count) >= all * 0.99)
  return all === 0 ? undefined : (durationBoundaries[bucket] ?? Infinity)
}
