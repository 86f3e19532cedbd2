/** What admission tells operators: gauges that are read when somebody scrapes, and one line a second while it refuses. */
import { Effect, Metric, Schedule } from "effect"

/** Refused requests, by what they were worth. */
export interface AdmissionCounts {
  critical: number
  default: number
  sheddable: number
}

const refused = Metric.counter("holdfast_admission_refused_total", {
  description: "Requests that were refused because there was too much to do, by priority",
  incremental: true
})
const gauges = {
  limit: Metric.gauge("holdfast_admission_limit", { description: "Requests that may be worked on at once" }),
  inFlight: Metric.gauge("holdfast_admission_in_flight", { description: "Requests that are worked on" }),
  waiting: Metric.gauge("holdfast_admission_waiting", { description: "Requests that wait to be let in" })
}

type State = Readonly<Record<keyof typeof gauges, number>>

/** A refusal costs microseconds; a line in the log for each would be what brings the node down. */
export const reportAdmission = Effect.fnUntraced(function* (counts: Readonly<AdmissionCounts>, state: () => State) {
  let told: AdmissionCounts = { ...counts }
  const report = Effect.gen(function* () {
    const now = { ...counts }
    const { inFlight, limit, waiting } = state()
    yield* Metric.update(gauges.limit, limit)
    yield* Metric.update(gauges.inFlight, inFlight)
    yield* Metric.update(gauges.waiting, waiting)
    const since = {
      critical: now.critical - told.critical,
      default: now.default - told.default,
      sheddable: now.sheddable - told.sheddable
    }
    told = now
    for (const [priority, many] of Object.entries(since)) {
      if (many > 0) yield* Metric.update(Metric.withAttributes(refused, { priority }), many)
    }
    if (since.critical + since.default + since.sheddable === 0) return
    yield* Effect.logWarning("requests refused: too much to do", { ...since, limit, in_flight: inFlight })
  })
  yield* Effect.forkScoped(Effect.repeat(report, Schedule.spaced("1 second")))
})
