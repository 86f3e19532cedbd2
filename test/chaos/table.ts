/** The rows that `npm run chaos` prints; docs/chaos.md says how to read them. */
import type { Outcome } from "./runScenario.ts"

const columns = [
  "served",
  "reads",
  "p50",
  "p99",
  "healthy",
  "recover",
  "drain",
  "calls",
  "orders",
  "lost",
  "double",
  "other"
]
const row = (name: string, cells: ReadonlyArray<string>) =>
  `${name.padEnd(28)}${cells.map((cell) => cell.padStart(9)).join("")}`

export const legend = [
  "served, reads: % answered as asked, in time, while the fault lasted; p50, p99: ms to an order's answer in the fault,",
  "healthy: its p99 before; recover, drain: s from the fault's end to the last request not served, to the last order's",
  "end; calls: provider requests per operation; lost, double, other: broken invariants"
].join("\n")

export const heading = row("", columns)

const percent = (share: number) => (share * 100).toFixed(2)

export const rowOf = ({ callsPerOperation, drainSeconds, figures, name, verdict }: Outcome): string =>
  row(name, [
    percent(figures.orders),
    percent(figures.reads),
    figures.p50.toFixed(0),
    figures.p99.toFixed(0),
    figures.healthyP99.toFixed(0),
    figures.recoverySeconds.toFixed(1),
    drainSeconds.toFixed(1),
    callsPerOperation.toFixed(2),
    String(verdict.orders),
    ...[verdict.lost, verdict.double, verdict.others].map(({ length }) => String(length))
  ])

/** What the customers were told while the fault lasted, when it was not what they had asked for. */
export const unservedOf = ({ figures }: Outcome): ReadonlyArray<string> =>
  figures.unserved.size === 0
    ? []
    : [`not served: ${[...figures.unserved].map(([how, times]) => `${how} (${times})`).join(", ")}`]

export const breachesOf = ({ broken, verdict }: Outcome): ReadonlyArray<string> => [
  ...verdict.lost,
  ...verdict.double,
  ...verdict.others,
  ...broken
]
