/** How much of the time the event loop works: what a node has one of, and what it runs out of first. */
import { performance } from "node:perf_hooks"
import { Context } from "effect"

/** Makes a reading: the share of the time, from 0 to 1, that the loop worked since the reading was last taken. */
export const LoopShare = Context.Reference<() => () => number>("holdfast/http/LoopShare", {
  defaultValue: () => () => {
    let before = performance.eventLoopUtilization()
    return () => {
      const last = before
      before = performance.eventLoopUtilization()
      return performance.eventLoopUtilization(before, last).utilization
    }
  }
})
