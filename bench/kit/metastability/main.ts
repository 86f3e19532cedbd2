/**
 * `npm run bench:metastability`: an overload whose cause goes away, and who recovers from it.
 *
 * Writes `results.md` and `results.svg` beside this file. Exits 1 when the kit does not recover within 15 seconds at every
 * load. The figures depend on the seed only, not on the machine.
 */
import { writeFileSync } from "node:fs"
import { plot } from "./plot.ts"
import { policies } from "./policies.ts"
import { type Run, simulate } from "./simulation.ts"
import { perSecond, trigger } from "./server.ts"

const loads = [0.6, 0.8, 0.9]
const withinSeconds = 15
const plottedLoad = 0.8

const row = ({ load, policy, attemptsPerCall, recoveredAfter }: Run) =>
  `| ${load * 100} % | ${policy} | ${attemptsPerCall.toFixed(2)} | ${recoveredAfter === undefined ? "not in the minute watched" : recoveredAfter === 0 ? "at once" : `${recoveredAfter} s`} |`

const report = (runs: ReadonlyArray<Run>) => `# An overload whose cause goes away

A simulated server of ${perSecond} requests a second; callers with a second of patience per attempt; from second ${trigger.fromMillis / 1000} to ${trigger.toMillis / 1000} the
server has ${trigger.share * 100} % of its capacity, then all of it again. Written by \`npm run bench:metastability\`.

| load | clients | attempts a call during the trigger | recovers after |
|---|---|---|---|
${runs.map(row).join("\n")}

![Goodput at ${plottedLoad * 100} % load](results.svg)

Jitter does not end an overload: it spreads the same work. Nor does a budget alone, while the server works through requests
whose callers have left. What ends it is less work: a bounded queue on the server's side, or, with the kit, a circuit that
opens, a limit that shrinks with every timeout, and retries that a dead server does not earn.
`

const runs = loads.flatMap((load) =>
  policies.map((policy) => {
    const run = simulate(policy, load)
    console.log(row(run))
    return run
  })
)

const beside = (name: string) => new URL(name, import.meta.url)
writeFileSync(beside("results.md"), report(runs))
writeFileSync(
  beside("results.svg"),
  plot(
    `Calls answered per second at ${plottedLoad * 100} % load`,
    runs.filter(({ load }) => load === plottedLoad)
  )
)

const late = runs.filter(
  ({ policy, recoveredAfter }) => policy.startsWith("holdfast") && (recoveredAfter ?? Infinity) > withinSeconds
)
console.log(late.length === 0 ? "\nthe kit recovers in time at every load" : `\ntoo late: ${late.map(row).join(" ")}`)
process.exitCode = late.length === 0 ? 0 : 1
