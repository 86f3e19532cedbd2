/**
 * What a dependency's circuit did, told by the lines that the shop wrote about it: it opens while the dependency is away,
 * and is closed again soon after.
 */
import { Duration, Effect } from "effect"
import type { Policy } from "../../src/resilience/index.ts"
import type { Node } from "./node.ts"
import type { Found, Window } from "./Scenario.ts"

/** FAULTS: the breaker is closed within its open time and so many seconds. */
const closedWithinSeconds = 5

export interface Transition {
  /** Milliseconds. */
  readonly at: number
  readonly state: string
}

/** In order. */
export const transitionsOf = (node: Node, dependency: string) =>
  Effect.map(node.lines, (lines): ReadonlyArray<Transition> =>
    lines.flatMap((line) =>
      line["dependency"] === dependency && typeof line["circuit.state"] === "string"
        ? [{ at: Date.parse(String(line["timestamp"])), state: line["circuit.state"] }]
        : []
    )
  )

export const circuitOf = (node: Node, dependency: string, policy: Policy, { from, to }: Window) =>
  Effect.map(transitionsOf(node, dependency), (all): Found => {
    const opened = all.find(({ at, state }) => state === "open" && at >= from)
    const last = all.at(-1)
    if (opened === undefined || opened.at > to || last === undefined) {
      return { notes: [], breaches: [`${dependency}: its circuit never opened`] }
    }
    const within = Duration.toSeconds(Duration.fromInputUnsafe(policy.breaker.openFor)) + closedWithinSeconds
    const seconds = (last.at - to) / 1000
    const figure = `${dependency}: its circuit opened after ${((opened.at - from) / 1000).toFixed(1)} s, and was ${last.state} ${seconds.toFixed(1)} s after the fault`
    const closed = last.state === "closed" && seconds <= within
    return closed
      ? { notes: [figure], breaches: [] }
      : { notes: [], breaches: [`${figure}; closed within ${within} s is promised`] }
  })
