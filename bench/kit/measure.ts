/**
 * Microseconds of CPU per call, medians over interleaved rounds.
 *
 * CPU and not the clock on the wall: the machine may have other things to do. Interleaved: what disturbs one round disturbs
 * everybody in it. The first rounds warm the compiler up and are thrown away.
 */
import type { Contestant } from "./contestants.ts"

export interface Figures {
  readonly name: string
  readonly lacks: string
  readonly succeed: number
  readonly together: number
  readonly reject: number | undefined
}

const warmUps = 3
const rounds = 15
const calls = 20_000
const atOnce = 1000

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Microseconds of CPU that a call of `work` costs. */
const cost = async (work: (calls: number) => Promise<unknown>, calls: number, times = 1): Promise<number> => {
  const before = process.cpuUsage()
  for (let n = 0; n < times; n++) await work(calls)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (calls * times)
}

export const measure = async (contestants: ReadonlyArray<Contestant>): Promise<ReadonlyArray<Figures>> => {
  const seen = contestants.map(() => ({
    succeed: [] as Array<number>,
    together: [] as Array<number>,
    reject: [] as Array<number>
  }))
  for (let round = 0; round < warmUps + rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const succeed = await cost(contestant.succeed, calls)
      const together = await cost(contestant.together, atOnce, calls / atOnce)
      const reject = contestant.reject === undefined ? Number.NaN : await cost(contestant.reject, calls)
      if (round < warmUps) continue
      seen[index]!.succeed.push(succeed)
      seen[index]!.together.push(together)
      seen[index]!.reject.push(reject)
    }
  }
  return contestants.map(({ name, lacks, reject }, index) => ({
    name,
    lacks,
    succeed: median(seen[index]!.succeed),
    together: median(seen[index]!.together),
    reject: reject === undefined ? undefined : median(seen[index]!.reject)
  }))
}
