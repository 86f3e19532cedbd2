/**
 * Somebody fills the volume of the database to the last block (53100). Rows that fit into pages that it has are still
 * written; when it cannot write its log ahead either, it ends, and comes back when there is space.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { Duration, Effect, Result } from "effect"
import type { Scenario } from "../Scenario.ts"

/** A new cluster with its log is some 60 MB. */
const volumeMegabytes = 160

/** As much as goes in, in smaller and smaller pieces. */
const fill = (file: string) => {
  const descriptor = fs.openSync(file, "w")
  for (const bytes of [1 << 20, 1 << 16, 1 << 12]) {
    const piece = Buffer.alloc(bytes, 1)
    while (Result.isSuccess(Result.try(() => fs.writeSync(descriptor, piece))));
  }
  fs.closeSync(descriptor)
}

export const databaseDiskFull: Scenario = {
  name: "database-disk-full",
  group: "database",
  says: "the volume of PostgreSQL is full, in memory and mounted for it (needs root)",
  seconds: 12,
  ordersPerSecond: 5,
  postgres: { volumeMegabytes, settings: { max_wal_size: "48MB", min_wal_size: "32MB" } },
  promised: {
    orders: 0.9,
    reads: 0,
    accounts: 0,
    served: { catalogue: 0.99, stock: 0.99 },
    recoverySeconds: 10,
    drainSeconds: 60
  },
  harm: ({ postgres }, seconds) =>
    Effect.gen(function* () {
      const file = path.join(path.dirname(postgres.directory), "filler")
      yield* Effect.acquireRelease(
        Effect.sync(() => fill(file)),
        () => Effect.sync(() => fs.rmSync(file, { force: true }))
      )
      yield* Effect.sleep(Duration.seconds(seconds))
      yield* Effect.sync(() => fs.rmSync(file))
      if ((yield* postgres.processes).length > 0) return
      yield* postgres.stop
      yield* postgres.start
    })
}
