/**
 * One node of the shop, as a process that can be killed, told to stop, frozen, and started again at its own address.
 */
import { Effect, Exit, Scope } from "effect"
import { freePort } from "../main/freePort.ts"
import { type Environment, type Line, nodeFlags, type Ready, startShop, type Shop } from "../main/process.ts"

export interface Node {
  readonly url: string
  /** Another one in every life. */
  readonly opsUrl: Effect.Effect<string>
  readonly pid: Effect.Effect<number>
  /** Of the life that goes on, or was the last. */
  readonly lines: Effect.Effect<ReadonlyArray<Line>>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Whether anybody reads its standard output. */
  readonly heard: (heard: boolean) => Effect.Effect<void>
  /** kill -9; it is gone when this returns. */
  readonly kill: Effect.Effect<void>
  /** Returns when the process has ended by itself, with its exit code. */
  readonly ended: Effect.Effect<number | null>
  /** A life after the first; takes requests when it returns. What is given takes the place of what it had. */
  readonly start: (env?: Environment) => Effect.Effect<void>
}

/** `descriptors`: how many files and connections it may have open; as many as everybody else unless given. */
const limited = (descriptors: number | undefined) =>
  descriptors === undefined
    ? {}
    : {
        command: [
          "sh",
          "-c",
          `ulimit -n ${descriptors} && exec "$0" ${nodeFlags.join(" ")} src/main.ts`,
          process.execPath
        ] as const
      }

export const startNode = Effect.fnUntraced(function* (env: Environment, descriptors?: number) {
  const owner = yield* Effect.scope
  const PORT = String(yield* freePort)
  const begin = Effect.fnUntraced(function* (more: Environment = {}) {
    const scope = yield* Scope.fork(owner)
    const started = Effect.gen(function* () {
      const shop = yield* startShop({ env: { ...env, PORT, ...more }, ...limited(descriptors) })
      return { scope, shop, ready: yield* shop.ready }
    })
    // Interrupted, it would keep its port.
    return yield* started.pipe(
      Scope.provide(scope),
      Effect.onError(() => Scope.close(scope, Exit.void))
    )
  })
  let life: { readonly scope: Scope.Closeable; readonly shop: Shop; readonly ready: Ready } = yield* begin()
  return {
    url: life.ready.url,
    opsUrl: Effect.sync(() => life.ready.opsUrl),
    pid: Effect.sync(() => life.shop.pid),
    lines: Effect.suspend(() => life.shop.lines),
    signal: (signal) => Effect.suspend(() => life.shop.signal(signal)),
    heard: (heard) => Effect.suspend(() => life.shop.heard(heard)),
    kill: Effect.suspend(() => Effect.andThen(life.shop.signal("SIGKILL"), Effect.asVoid(life.shop.ended))),
    ended: Effect.suspend(() => Effect.map(life.shop.ended, ({ code }) => code)),
    start: (more) =>
      Effect.gen(function* () {
        yield* Scope.close(life.scope, Exit.void)
        life = yield* begin(more)
      })
  } satisfies Node
})
