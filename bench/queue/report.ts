/** The table, the targets, and which of them were missed. */
import { leaseSeconds } from "../../src/jobs/Job.ts"
import { type Figures, median, quantile, ratios, withSpread } from "./figures.ts"
import { crowded } from "./measure.ts"

const ours = "holdfast"
const theirs = "pg-boss"

/** Prints everything; answers the names of the targets that were missed. */
export const report = (
  figures: Figures,
  names: ReadonlyArray<string>,
  restartMillis: number
): ReadonlyArray<string> => {
  const row = (what: string, value: (name: string) => string) =>
    console.log(`${what.padEnd(34)} ${names.map((name) => value(name).padStart(18)).join("")}`)
  row("", (name) => name)
  for (const what of ["enqueue", "drain", ...crowded.map(([name]) => name)]) {
    const boss = median(figures.rounds(what, theirs))
    row(`${what}, a second`, (name) => {
      const own = median(figures.rounds(what, name))
      return `${Math.round(own).toLocaleString("en")} (${(own / boss).toFixed(2)})`
    })
  }
  row("idle, ms p50 / p99", (name) =>
    [0.5, 0.99].map((share) => quantile(figures.all("idle", name), share).toFixed(1)).join(" / ")
  )

  const times = (what: string) => ratios(figures.rounds(what, ours), figures.rounds(what, theirs))
  const idle = figures.rounds("idle", ours)
  const flat = (what: string) => {
    const empty = median(figures.rounds("drain", ours))
    return figures.rounds(what, ours).map((rate) => rate / empty)
  }
  const restart = restartMillis / 1000
  const targets: ReadonlyArray<readonly [name: string, seen: string, reached: boolean]> = [
    ["enqueue in a transaction, times pg-boss", times("enqueue"), 1.5] as const,
    ["drain, times pg-boss, each job settled", times("drain"), 1] as const,
    ...crowded.map(([name]) => [`${name}, times its own empty drain`, flat(name), 0.7] as const)
  ].map(([name, values, least]) => [`${name}, at least ${least}`, withSpread(values), median(values) >= least] as const)
  const all = [
    ...targets,
    ["idle, ms p50, at most 5", withSpread(idle, 1), median(idle) <= 5] as const,
    [
      `a killed worker's job runs elsewhere, s, at most ${leaseSeconds * 2}`,
      restart.toFixed(1),
      restart <= leaseSeconds * 2
    ] as const
  ]
  console.log("\ntargets: median of the rounds (least to most)")
  for (const [name, seen, reached] of all) console.log(`${reached ? "reached" : "MISSED "} ${name}: ${seen}`)
  return all.filter(([, , reached]) => !reached).map(([name]) => name)
}
