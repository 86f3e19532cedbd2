/** Whether the event loop has time to spare: what a node has one of, and what it runs out of first. */
import { performance } from "node:perf_hooks"
import { Context } from "effect"

/** Of the time; what is left of it goes to the system's calls and to other processes. */
const fullShare = 0.8
/** In less than that, one long turn is all there is to see. */
const windowMillis = 50

/** Makes a reading: whether the loop worked for nearly all of the time since it was last looked at. */
export const LoopIsFull = Context.Reference<() => () => boolean>("holdfast/http/LoopIsFull", {
  defaultValue: () => () => {
    let before = performance.eventLoopUtilization()
    let isFull = false
    return () => {
      const since = performance.eventLoopUtilization(before)
      if (since.active + since.idle < windowMillis) return isFull
      before = performance.eventLoopUtilization()
      return (isFull = since.utilization > fullShare)
    }
  }
})
