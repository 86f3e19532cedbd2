/**
 * A gauge of which all series are told at once: what a look found. A series that a later look does not find is zero.
 *
 * At most 200 series: whoever names them by what comes from outside cannot fill the memory with them.
 */
import { Effect, type Scope } from "effect"
import { openReadings } from "./readings.ts"

const mostSeries = 200

export interface Found {
  readonly attributes: Readonly<Record<string, string>>
  readonly value: number
}

export const sampledGauge = (
  name: string,
  description: string
): Effect.Effect<(found: ReadonlyArray<Found>) => void, never, Scope.Scope> =>
  Effect.map(openReadings, (show) => {
    const series = new Map<string, { value: number }>()
    return (found) => {
      for (const one of series.values()) one.value = 0
      for (const { attributes, value } of found) {
        const key = JSON.stringify(attributes)
        const known = series.get(key)
        if (known !== undefined) known.value = value
        else if (series.size < mostSeries) {
          const one = { value }
          series.set(key, one)
          show({ type: "gauge", name, description, attributes, read: () => one.value })
        }
      }
    }
  })
