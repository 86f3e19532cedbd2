/** What the shop's processes hold, looked at from outside while a scenario runs: memory and open files. */
import * as fs from "node:fs"
import { Clock, Effect, Result, Schedule } from "effect"
import type { World } from "./World.ts"

export interface Resources {
  /** Milliseconds. */
  readonly at: number
  /** Of the largest process. */
  readonly rssMegabytes: number
  /** Open files and sockets of all nodes, without those of customers. */
  readonly descriptors: number
}

const every = "500 millis"

/** 0 when it is gone. */
export const residentMegabytes = (pid: number): number =>
  Result.getOrElse(
    Result.try(() => Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024),
    () => 0
  )

const established = "01"
/** How many connections customers hold open to this port: they come and go with them, and are no leak. */
const customersOf = (port: number) => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  return fs
    .readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .filter((line) => {
      const [, own = "", , state] = line.trim().split(/\s+/)
      return own.endsWith(local) && state === established
    }).length
}

/** One that has just died holds nothing. */
const heldBy = (pid: number, port: number) =>
  Result.getOrElse(
    Result.try(() => ({
      rss: residentMegabytes(pid),
      open: fs.readdirSync(`/proc/${pid}/fd`).length - customersOf(port)
    })),
    () => ({ rss: 0, open: 0 })
  )

export const resourcesNow = Effect.fnUntraced(function* (world: World) {
  const at = yield* Clock.currentTimeMillis
  const held = yield* Effect.forEach(world.nodes, ({ pid, url }) =>
    Effect.map(pid, (id) => heldBy(id, Number(new URL(url).port)))
  )
  return {
    at,
    rssMegabytes: Math.max(...held.map(({ rss }) => rss)),
    descriptors: held.reduce((sum, { open }) => sum + open, 0)
  } satisfies Resources
})

/** Looks again and again, until it is interrupted. */
export const watchResources = (world: World, seen: Array<Resources>) =>
  Effect.repeat(
    Effect.map(resourcesNow(world), (one) => seen.push(one)),
    Schedule.spaced(every)
  )
