/**
 * Somebody takes every connection that the process may have, and takes each again that becomes free; what it had open
 * itself is cut meanwhile, so that it needs new ones. It lives, and serves again when they are gone.
 */
import * as fs from "node:fs"
import * as net from "node:net"
import { Clock, Duration, Effect, Result, Schedule } from "effect"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

const descriptors = 96
/** More than there is room for, whatever the shop has open itself. */
const held = 200
const again = "100 millis"

const openOf = (pid: number) =>
  Result.getOrElse(
    Result.try(() => fs.readdirSync(`/proc/${pid}/fd`).length),
    () => 0
  )

/** A connection that is taken again whenever it is lost. */
const holding = (port: number) =>
  Effect.callback<void>((resume) => {
    const socket = net.connect(port, "127.0.0.1")
    socket.on("error", () => undefined)
    socket.on("close", () => resume(Effect.void))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.repeat(Schedule.spaced(again)))

/** What goes over this wire needs a new connection now. */
const cut = (wire: World["provider"]["wire"]) =>
  Effect.andThen(wire.set({ _tag: "Refuse" }), wire.set({ _tag: "None" }))

const harm = (world: World, seconds: number) =>
  Effect.gen(function* () {
    const pid = yield* world.nodes[0].pid
    const port = Number(new URL(world.nodes[0].url).port)
    const until = (yield* Clock.currentTimeMillis) + seconds * 1000
    yield* Effect.forEach(Array.from({ length: held }), () => Effect.forkScoped(holding(port)), { discard: true })
    yield* Effect.sleep(Duration.millis(500))
    const most = openOf(pid)
    yield* cut(world.provider.wire)
    yield* cut(world.postgres.wire)
    yield* Effect.sleep(Duration.millis(Math.max(0, until - (yield* Clock.currentTimeMillis))))
    const figure = `${most} of ${descriptors} descriptors were in use`
    return { notes: [figure], breaches: most < descriptors - 5 ? [`${figure}: the fault did not strike`] : [] } as Found
  })

export const outOfDescriptors: Scenario = {
  name: "out-of-descriptors",
  group: "process",
  says: "the process may not open another file or connection, and loses those that it has",
  seconds: 8,
  ordersPerSecond: 4,
  descriptors,
  // Who has no connection yet gets none; that is all that can be said to him.
  promised: {
    orders: 0,
    wellFormed: 0,
    reads: 0,
    served: { live: 0, ready: 0 },
    recoverySeconds: 5,
    drainSeconds: 30
  },
  harm,
  examine: ({ nodes: [node] }) =>
    Effect.map(node.lines, (lines) => ({
      notes: [],
      breaches:
        lines.filter(({ message }) => message === "ready").length === 1 ? [] : ["the node did not live through it"]
    }))
}
