/** The rows that `npm run chaos` prints; docs/chaos.md says how to read them. */
import { kindsOfRequests } from "./load.ts"
import type { Outcome } from "./runScenario.ts"

const columns = [
  "orders",
  "reads",
  "accounts",
  "p50",
  "p99",
  "healthy",
  "recover",
  "drain",
  "calls",
  "rss",
  "judged",
  "lost",
  "double",
  "other"
]
const row = (name: string, cells: ReadonlyArray<string>) =>
  `${name.padEnd(30)}${cells.map((cell) => cell.padStart(9)).join("")}`

export const legend = [
  "orders, reads, accounts: % answered as asked, in time, while the fault lasted; p50, p99: ms to an order's answer in the",
  "fault, healthy: its p99 before; recover, drain: s from the fault's end to the last request not served, to the last",
  "order's end; calls: provider requests per operation; rss: MB at most; judged: orders; lost, double, other: broken",
  "invariants"
].join("\n")

export const heading = row("", columns)

const percent = (share: number) => (share * 100).toFixed(1)

export const rowOf = ({ callsPerOperation, drainSeconds, figures, name, rssMegabytes, verdict }: Outcome): string =>
  row(name, [
    percent(figures.orders),
    percent(figures.served("catalogue", "stock", "own order", "deferred")),
    percent(figures.served("sign up", "log in")),
    figures.p50.toFixed(0),
    figures.p99.toFixed(0),
    figures.healthyP99.toFixed(0),
    figures.recoverySeconds.toFixed(1),
    drainSeconds.toFixed(1),
    callsPerOperation.toFixed(2),
    rssMegabytes.after.toFixed(0),
    String(verdict.orders),
    ...[verdict.lost, verdict.double, verdict.others].map(({ length }) => String(length))
  ])

const whole = (millis: number) => (Number.isNaN(millis) ? "-" : millis.toFixed(0))

/** What each kind of request met while the fault lasted. */
const kindsSeen = ({ figures }: Outcome) =>
  kindsOfRequests.map((what) => {
    const { before, during } = figures.p99Of(what)
    return `${what} ${percent(figures.served(what))} ${whole(before)}/${whole(during)}`
  })

const told = (when: string, how: ReadonlyArray<string>) => (how.length === 0 ? [] : [`${when}: ${how.join(", ")}`])

/** Figures behind the row: by kind, and what customers were told when it was not what they had asked for. */
export const detailsOf = (outcome: Outcome): ReadonlyArray<string> => {
  const { descriptors, figures, rssMegabytes, verdict } = outcome
  return [
    `% served, p99 before/during: ${kindsSeen(outcome).join(", ")}; files ${descriptors.before}/${descriptors.after}, MB ${whole(rssMegabytes.before)}/${whole(rssMegabytes.after)}, ${verdict.deferred} taken for later`,
    ...told(
      "not served",
      [...figures.unserved].map(([what, times]) => `${what} (${times})`)
    ),
    ...told(
      "not served after the fault",
      [...figures.unservedLater].map(
        ([what, { from, times, to }]) => `${what} (${times}, ${from.toFixed(1)} to ${to.toFixed(1)} s)`
      )
    )
  ]
}

export const breachesOf = ({ broken, verdict }: Outcome): ReadonlyArray<string> => [
  ...verdict.unknown,
  ...verdict.lost,
  ...verdict.double,
  ...verdict.others,
  ...broken
]
