/** Nobody reads the log any more: the shop goes on, does not grow, and says afterwards how much it could not say. */
import { Duration, Effect } from "effect"
import { request } from "../../main/client.ts"
import { atRate } from "../atRate.ts"
import { residentMegabytes } from "../resources.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

/** Each is a line of the log; far more than a pipe and its buffers hold. */
const chatterPerSecond = 600
/** What a bounded buffer of lines and that many requests leave behind; unbounded, the lines alone would double it. */
const mostGrownMegabytes = 80

const harm = (world: World, seconds: number) =>
  Effect.gen(function* () {
    const [node] = world.nodes
    const pid = yield* node.pid
    const before = residentMegabytes(pid)
    yield* node.heard(false)
    const one = request(`${node.url}/nowhere`)
    yield* atRate(chatterPerSecond, one).pipe(Effect.timeoutOption(Duration.seconds(seconds)))
    const grown = residentMegabytes(pid) - before
    yield* node.heard(true)
    yield* Effect.sleep("1 second")
    const lines = yield* node.lines
    const dropped = lines.find(({ message }) => message === "lines not written")
    const figure = `the process grew by ${grown.toFixed(0)} MB; ${String(dropped?.["lines"] ?? 0)} lines were not written`
    return {
      notes: [figure],
      breaches: [
        ...(grown <= mostGrownMegabytes ? [] : [figure]),
        ...(dropped === undefined ? ["the log does not say that lines are missing"] : [])
      ]
    } satisfies Found
  })

export const stdoutBlocked: Scenario = {
  name: "stdout-blocked",
  group: "process",
  says: "nobody reads the log",
  seconds: 15,
  ordersPerSecond: 4,
  promised: { orders: 0.99, reads: 0.99, recoverySeconds: 2, drainSeconds: 15 },
  harm
}
