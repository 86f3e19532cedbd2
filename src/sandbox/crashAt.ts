/** Kills this process, without a word and with nothing put in order, when it comes to one point for the n-th time. */
import { Effect } from "effect"

export interface CrashAt {
  readonly name: string
  readonly reach: number
}

export const dyingAt = ({ name, reach }: CrashAt) => {
  let reached = 0
  return (point: string): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (point !== name || ++reached < reach) return Effect.void
      process.kill(process.pid, "SIGKILL")
      return Effect.never
    })
}
