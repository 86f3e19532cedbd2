/**
 * Metrics that are read when somebody scrapes: what is counted are plain numbers, and whoever counts pays nothing more.
 *
 * A name belongs to one type and one description; its series differ by their attributes, of which there are few.
 */
import { type Context, Effect, Metric, type Scope } from "effect"

export interface Reading {
  readonly type: "counter" | "gauge"
  readonly name: string
  readonly description: string
  readonly attributes?: Readonly<Record<string, string>>
  /** Asked at each scrape: from memory, at once. A counter only grows. */
  readonly read: () => number
}

/** Counts in buckets, as they were filled: `counts` has one more entry than there are boundaries. */
export interface Distribution {
  readonly boundaries: ReadonlyArray<number>
  readonly counts: ArrayLike<number>
  readonly sum: number
}

export interface DistributionReading {
  readonly type: "histogram"
  readonly name: string
  readonly description: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly read: () => Distribution
}

const nothing = () => {}

const register = (reading: Reading | DistributionReading, context: Context.Context<never>): Metric.Registration => {
  const { attributes, description, name } = reading
  const options = { description, attributes: attributes ?? {} }
  const unasked = { update: nothing, modify: nothing }
  if (reading.type === "histogram") {
    const metric = Metric.histogram(name, { ...options, boundaries: reading.read().boundaries })
    return Metric.registerUnsafe(metric, context, { get: () => cumulated(reading.read()), ...unasked })
  }
  if (reading.type === "gauge") {
    const get = () => ({ value: reading.read() })
    return Metric.registerUnsafe(Metric.gauge(name, options), context, { get, ...unasked })
  }
  const metric = Metric.counter(name, { ...options, incremental: true })
  const get = () => ({ count: reading.read(), incremental: true })
  return Metric.registerUnsafe(metric, context, { get, ...unasked })
}

/** Shows them until the scope closes. */
export const registerReadings = (
  readings: ReadonlyArray<Reading | DistributionReading>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.map(openReadings, (show) => {
    for (const reading of readings) show(reading)
  })

/** For series that are not known beforehand: what shows another one, until the scope closes. */
export const openReadings: Effect.Effect<(reading: Reading | DistributionReading) => void, never, Scope.Scope> =
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const registrations: Array<Metric.Registration> = []
    return Effect.as(
      Effect.addFinalizer(() => Effect.sync(() => registrations.forEach((registration) => registration.remove()))),
      (reading: Reading | DistributionReading) => void registrations.push(register(reading, context))
    )
  })

/** As exporters want it: each bucket holds what is in the ones below it too. Least and most are not kept. */
const cumulated = ({ boundaries, counts, sum }: Distribution): Metric.HistogramState => {
  let count = 0
  const buckets = [...boundaries, Infinity].map((boundary, index): [number, number] => [
    boundary,
    (count += counts[index] ?? 0)
  ])
  return { buckets, count, sum, min: 0, max: 0 }
}
