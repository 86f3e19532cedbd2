/**
 * Whether another server holds a data directory. Two servers on one directory would destroy it.
 *
 * A node that was killed leaves its server behind for a moment: that one is waited for. A server that lives on belongs
 * to another node, and this one must not start. The number of a dead server that another program got does not count.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Result } from "effect"
import { EmbeddedPostgresFailed } from "./errors.ts"

/** The server of a killed node is told to stop within a tenth of a second; one that still works after this is owned. */
const noticedWithinMillis = 1_500
/** From being told to being gone: the watchdog kills after seven seconds what has not stopped by itself. */
const goneWithinMillis = 10_000
const lookEveryMillis = 25

interface Holder {
  readonly pid: number
  readonly stopping: boolean
}

/** In a container nobody may collect the dead: they keep their number and name, in state Z. */
const isServer = (pid: number): boolean => {
  const stat = Result.try(() => fs.readFileSync(`/proc/${pid}/stat`, "utf8"))
  if (Result.isSuccess(stat)) return /^\d+ \(postgres[^)]*\) [^ZX]/.test(stat.success)
  return !fs.existsSync("/proc/self/stat") && Result.isSuccess(Result.try(() => process.kill(pid, 0)))
}

const holderOf = (directory: string): Holder | undefined => {
  const file = Result.try(() => fs.readFileSync(path.join(directory, "postmaster.pid"), "utf8"))
  if (Result.isFailure(file)) return undefined
  const lines = file.success.split("\n").map((line) => line.trim())
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 0 && isServer(pid) ? { pid, stopping: lines[7] === "stopping" } : undefined
}

const inUse = (directory: string, pid: number) =>
  new EmbeddedPostgresFailed({
    reason: "in_use",
    message: `The database in ${directory} is in use by process ${pid}: another node runs on this folder. Stop it, or set DATA_DIR.`,
    pid
  })

/** Waits for a former server to be gone. */
export const requireFree = Effect.fnUntraced(function* (
  directory: string
): Effect.fn.Return<void, EmbeddedPostgresFailed> {
  for (let waited = 0; ; waited += lookEveryMillis) {
    const holder = holderOf(directory)
    if (holder === undefined) return
    if (waited >= (holder.stopping ? goneWithinMillis : noticedWithinMillis)) return yield* inUse(directory, holder.pid)
    yield* Effect.sleep(lookEveryMillis)
  }
})
