/**
 * Asks the database every 15 seconds for what only it knows, over the operators' connections, and keeps the answers.
 *
 * A scrape reads what was found last and how old it is: it never waits for the database, and answers without one. The
 * statements run one after the other, each with the pool's bounds; one that fails leaves its last figures and its age.
 */
import { Clock, DateTime, Duration, Effect, Layer, Option, Schedule } from "effect"
import { LastGoodCatalogue } from "../catalog/LastGoodCatalogue.ts"
import { OperatorsDatabase } from "../database/OperatorsDatabase.ts"
import { openReadings } from "../telemetry/readings.ts"
import { sampledGauge } from "../telemetry/Sampled.ts"
import { samples } from "./samples.ts"

/** Prometheus' own interval in most houses: who asks more often learns nothing. */
const often = Schedule.spaced("15 seconds").pipe(Schedule.jittered)

export const sampling = Layer.effectDiscard(
  Effect.gen(function* () {
    const database = yield* OperatorsDatabase
    const catalogue = yield* LastGoodCatalogue
    const clock = yield* Clock.Clock
    const show = yield* openReadings
    const began = clock.currentTimeMillisUnsafe()
    const secondsSince = (millis: number) => (clock.currentTimeMillisUnsafe() - millis) / 1000

    const takes = yield* Effect.forEach(samples, ({ description, labels, name, rows }) =>
      Effect.map(sampledGauge(name, description), (tell) => {
        let takenMillis = began
        show({
          type: "gauge",
          name: "holdfast_sample_age_seconds",
          description: "How old the figures are that the database was asked for, by metric",
          attributes: { metric: name },
          read: () => secondsSince(takenMillis)
        })
        return database.read(`ops.${name}`, rows).pipe(
          Effect.map((found) => {
            tell(
              found.map((row) => ({
                attributes: Object.fromEntries(labels.map((label) => [label, String(row[label])])),
                value: row.value
              }))
            )
            takenMillis = clock.currentTimeMillisUnsafe()
          }),
          Effect.catch((error) =>
            Effect.logDebug("figures not taken", { module: "ops", metric: name, code: error._tag })
          )
        )
      })
    )

    let readMillis = began
    show({
      type: "gauge",
      name: "holdfast_cache_age_seconds",
      description: "How old the catalogue is that would be shown without the database",
      attributes: { cache: "catalogue" },
      read: () => secondsSince(readMillis)
    })
    const cache = Effect.map(catalogue.within(Duration.infinity), (known) => {
      if (Option.isSome(known)) readMillis = DateTime.toEpochMillis(known.value.readAt)
    })
    const take = Effect.andThen(cache, Effect.all(takes, { discard: true }))
    yield* Effect.forkScoped(Effect.repeat(take, often))
  })
)
