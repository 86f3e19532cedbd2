/** Our queue, through its services, as the shop uses it. */
import { Effect, Exit, Fiber, Layer, ManagedRuntime, Redacted, References, Scope } from "effect"
import { Database } from "../../src/database/Database.ts"
import { Migrations } from "../../src/database/Migrations.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { runWorker } from "../../src/jobs/Worker.ts"
import { atOnce, batch, type Contestant } from "./Contestant.ts"

export interface Holdfast extends Contestant {
  /** Claims a job and never settles it, as a killed worker does; answers the milliseconds until it runs elsewhere. */
  readonly restartElsewhere: () => Promise<number>
}

const queue = "bench"

export const makeHoldfast = async (url: string): Promise<Holdfast> => {
  await Effect.runPromise(Migrations.migrate({ url: Redacted.make(url), mode: "auto", onProgress: () => Effect.void }))
  const layer = Jobs.layer.pipe(Layer.provideMerge(Database.layer({ url: Redacted.make(url) })))
  const runtime = ManagedRuntime.make(Layer.provide(layer, Layer.succeed(References.MinimumLogLevel, "None")))
  const run = <A, E>(effect: Effect.Effect<A, E, Jobs | Database>) =>
    runtime.runPromise(Effect.provideService(effect, References.MinimumLogLevel, "None"))
  const database = await run(
    Effect.gen(function* () {
      return yield* Database
    })
  )
  const jobs = await run(
    Effect.gen(function* () {
      return yield* Jobs
    })
  )
  await run(
    database.query(
      "bench",
      (sql) => sql`create table business (id bigint generated always as identity, at timestamptz default now())`
    )
  )

  let key = 0
  const enqueue = Effect.suspend(() => jobs.enqueue({ queue, key: `job-${++key}`, payload: { id: "1" } }))
  const begin = async (onJob: () => void) => {
    const scope = Scope.makeUnsafe()
    const handle = () =>
      Effect.sync(() => {
        onJob()
        return Settlement.done
      })
    const worker = runWorker({ queue, concurrency: atOnce, prefetch: batch - atOnce, handle })
    const fiber = await run(Effect.forkIn(worker, scope))
    return async () => {
      await run(Effect.andThen(Fiber.interrupt(fiber), Scope.close(scope, Exit.void)))
    }
  }

  return {
    name: "holdfast",
    enqueue: () => run(enqueue),
    enqueueInTransactions: (count, atOnce) =>
      run(
        Effect.forEach(
          Array.from({ length: count }),
          () =>
            database.transaction("bench", (sql) => Effect.andThen(sql`insert into business default values`, enqueue)),
          { concurrency: atOnce, discard: true }
        )
      ),
    fill: (due, dead) =>
      run(
        Effect.gen(function* () {
          yield* database.query("bench", (sql) => sql`truncate jobs cascade`)
          for (const [count, state] of [
            [dead, "dead"],
            [due, "ready"]
          ] as const) {
            for (let added = 0; added < count; added += 10_000) {
              yield* database.query(
                "bench",
                (sql) => sql`
                  insert into jobs (queue, key, payload, state, last_failed_at)
                  select ${queue}, ${state} || n, '{"id":"1"}', ${state}, now()
                  from generate_series(${added + 1}::int, ${Math.min(count, added + 10_000)}::int) as n`
              )
            }
          }
          yield* database.query("bench", (sql) => sql`analyze jobs`)
        })
      ),
    work: begin,
    restartElsewhere: async () => {
      await run(Effect.andThen(enqueue, jobs.claim(queue, 1)))
      const began = performance.now()
      let stop: () => Promise<void> = async () => undefined
      await new Promise<void>((resolve) => {
        void begin(resolve).then((ended) => {
          stop = ended
        })
      })
      const millis = performance.now() - began
      await stop()
      return millis
    },
    close: () => runtime.dispose()
  }
}
