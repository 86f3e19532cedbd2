/**
 * One owner for a folder, as long as its process lives.
 *
 * The lock is an exclusive SQLite transaction on `lock.db`: the operating system drops it with the process, kill -9
 * included, so there is no stale lock to clear. A restarted owner may be early: it waits for the old one to be gone.
 */
import { Effect, Schedule } from "effect"
import type { Scope } from "effect"
import { DatabaseSync } from "node:sqlite"
import { SandboxFolderInUse } from "./errors.ts"

/** An owner that was killed is gone within milliseconds; ten seconds cover a machine that is busy. */
const patience = Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))

export const ownFolder = (folder: string): Effect.Effect<void, SandboxFolderInUse, Scope.Scope> =>
  Effect.acquireRelease(Effect.retry(lock(`${folder}/lock.db`), patience), (held) =>
    Effect.sync(() => held.close())
  ).pipe(Effect.asVoid)

const lock = Effect.fnUntraced(function* (file: string) {
  const inUse = () => new SandboxFolderInUse()
  const database = yield* Effect.try({ try: () => new DatabaseSync(file), catch: inUse })
  yield* Effect.try({ try: () => database.exec("BEGIN EXCLUSIVE"), catch: inUse }).pipe(
    Effect.tapError(() => Effect.sync(() => database.close()))
  )
  return database
})
