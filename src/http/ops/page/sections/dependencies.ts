/** Each dependency as this node knows it, and its circuit's levers. */
import { lasting } from "../../../../ops/lasting.ts"
import type { DependencySnapshot } from "../../../../resilience/index.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import type { Rate } from "../rates.ts"
import { change } from "../shown.ts"
import { table } from "../table.ts"
import { ordered } from "./ordered.ts"

interface Row {
  readonly circuit: DependencySnapshot
  readonly rate: Rate | undefined
}

const isWell = ({ state, switchedOff }: DependencySnapshot) => state === "closed" && !switchedOff
const stateOf = (circuit: DependencySnapshot) =>
  circuit.switchedOff ? "switched off" : circuit.state.replaceAll("_", " ")

const state = ({ circuit }: Row) =>
  markup`${stateOf(circuit)}${circuit.retryAfterMillis > 0 && `, asks in ${lasting(Math.ceil(circuit.retryAfterMillis / 1000))}`}${ordered(circuit.overrides[0])}`

const failed = ({ rate }: Row) =>
  rate?.failedShare === undefined
    ? "–"
    : markup`<meter min="0" max="1" high="0.2" value="${rate.failedShare.toFixed(3)}" aria-hidden="true"></meter>
        ${(rate.failedShare * 100).toFixed(1)} %`

const slowest = ({ rate }: Row) => {
  if (rate?.p99Millis === undefined) return "–"
  return rate.p99Millis === Infinity ? "over 10 s" : `${rate.p99Millis} ms`
}

const inFlight = ({ circuit: { inFlight, limit, waiting } }: Row) =>
  `${inFlight} / ${Number.isFinite(limit) ? Math.round(limit) : "∞"}${waiting > 0 ? `, ${waiting} wait` : ""}`

/** The database's circuit is nobody's to switch. */
const levers = ({ circuit: { name, overrides, state, switchedOff } }: Row) => {
  if (name === "database") return undefined
  const ordered = overrides.some(({ kind }) => kind !== "off")
  return [
    ...(ordered || state !== "closed" ? [change("reset", { thing: "circuit", name, verb: "reset" })] : []),
    ...(ordered
      ? []
      : [
          change("force open", { thing: "circuit", name, verb: "force-open" }),
          change("disable", { thing: "circuit", name, verb: "disable" })
        ]),
    change(switchedOff ? "switch on" : "switch off", { thing: "switch", name, verb: switchedOff ? "on" : "off" })
  ]
}

const show = (look: Look): Markup =>
  markup`${table<Row>(
    "Dependencies",
    [
      { heading: "name", cell: ({ circuit }) => circuit.name },
      { heading: "circuit", cell: state, look: ({ circuit }) => (isWell(circuit) ? "good" : "bad") },
      { heading: "for", figures: true, cell: ({ circuit }) => lasting(circuit.stateMillis / 1000) },
      {
        heading: "calls a second",
        figures: true,
        cell: ({ rate }) => (rate === undefined ? "–" : rate.callsPerSecond.toFixed(1))
      },
      { heading: "failed", figures: true, cell: failed },
      { heading: "p99", figures: true, cell: slowest },
      { heading: "in flight", figures: true, cell: inFlight },
      {
        heading: "retries left",
        figures: true,
        cell: ({ circuit }) => (circuit.name === "database" ? "–" : Math.floor(circuit.tokens))
      },
      {
        heading: "substitutes",
        figures: true,
        cell: ({ circuit: { outcomes } }) => outcomes.stale + outcomes.fallback
      },
      { heading: "last error", cell: ({ circuit }) => circuit.lastErrorType ?? "–" },
      { heading: "change", cell: levers }
    ],
    look.circuits.map((circuit) => ({ circuit, rate: look.rates.get(circuit.name) }))
  )}
    <p class="soft">Calls, failures and p99 are of the last minute, the rest since this node started. All are this node's own;
    what is ordered holds on every node.</p>`

export const dependencies = { title: "Dependencies", show }
