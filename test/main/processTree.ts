/**
 * Processes as the system sees them: who started whom, who is still there, who listens.
 *
 * A process is its number and the moment it began, so that a number given out again is not mistaken for the old one.
 * One that has ended and that nobody has collected yet (state Z) counts as gone.
 */
import * as fs from "node:fs"
import { Effect, Result, Schedule } from "effect"

export interface Proc {
  readonly pid: number
  readonly parent: number
  /** In clock ticks since the machine started. */
  readonly began: string
  readonly command: string
}

const textOf = (file: string): string =>
  Result.getOrElse(
    Result.try(() => fs.readFileSync(file, "utf8")),
    () => ""
  )

const look = (pid: number): Proc | undefined => {
  const stat = textOf(`/proc/${pid}/stat`)
  // The name stands in parentheses and may hold anything; what follows it is split by spaces.
  const [state, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  if (state === undefined || state === "" || "ZX".includes(state)) return undefined
  const command = textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim()
  return { pid, parent: Number(parent), began: rest[17] ?? "", command }
}

const everyone = (): ReadonlyArray<Proc> =>
  fs.readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (look(Number(name)) ?? []) : []))

/** Itself, its children, theirs, and so on. Empty when it is gone. */
export const familyOf = (pid: number): ReadonlyArray<Proc> => {
  const all = everyone()
  const family = all.filter((each) => each.pid === pid)
  for (const { pid } of family) family.push(...all.filter((each) => each.parent === pid))
  return family
}

export const isAlive = (proc: Proc): boolean => look(proc.pid)?.began === proc.began

/** Waits until all are gone, and answers those that are not after so long. */
export const stillThere = (procs: ReadonlyArray<Proc>, within: `${number} seconds`) =>
  Effect.sync(() => procs.filter(isAlive)).pipe(
    Effect.repeat({
      until: (alive) => alive.length === 0,
      schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: within }))
    }),
    Effect.map(() => procs.filter(isAlive))
  )

/** Ends what is left of them, for good. */
export const killAll = (procs: ReadonlyArray<Proc>) =>
  Effect.sync(() => {
    for (const proc of procs.filter(isAlive)) Result.try(() => process.kill(proc.pid, "SIGKILL"))
  })

/** How long they were ready to run while other programs had the processors, all together. 0 where nobody counts it. */
export const waitedForProcessorMillis = (procs: ReadonlyArray<Proc>): number =>
  procs.reduce((sum, { pid }) => sum + Number(textOf(`/proc/${pid}/schedstat`).split(" ")[1] ?? 0) / 1e6, 0)

/** The TCP ports that this process itself listens on, on any address. */
export const listeningPorts = (pid: number): ReadonlyArray<number> => {
  const sockets = new Set(
    Result.getOrElse(
      Result.try(() => fs.readdirSync(`/proc/${pid}/fd`)),
      () => []
    ).flatMap((fd) => {
      const link = Result.getOrElse(
        Result.try(() => fs.readlinkSync(`/proc/${pid}/fd/${fd}`)),
        () => ""
      )
      return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []
    })
  )
  const listening = "0A"
  return ["tcp", "tcp6"].flatMap((table) =>
    textOf(`/proc/${pid}/net/${table}`)
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === listening && sockets.has(inode ?? ""))
      .map(([, local = ""]) => Number.parseInt(local.split(":")[1] ?? "", 16))
  )
}
