/**
 * Redis, optional: a place that all nodes share. Every command goes through the kit.
 *
 * It is there whether or not Redis is: a node that starts waits for the connection for a moment, and until it stands, and
 * whenever it does not answer, commands fail within milliseconds. It reconnects by itself, for as long as the process lives. That it went away and
 * came back is one line each. Replies that say no are answers; only silence, a lost connection and a Redis that cannot
 * serve count against it.
 */
import { Effect, Fiber, Layer, Redacted, References } from "effect"
import { RateLimiter, Redis } from "effect/persistence"
import { createClient, ErrorReply } from "redis"
import { Dependency, TransientFailure } from "../../resilience/index.ts"
import { askEvery, connectMillis, drawReconnectPauses, queueLength, redisPolicy } from "./policy.ts"

/** What it says while it loads its data, is a replica, or is full: it may serve again by itself. */
const cannotServe = /^(LOADING|READONLY|OOM|MASTERDOWN|BUSY|CLUSTERDOWN)/

const failureOf = (cause: unknown): TransientFailure | Redis.RedisError => {
  if (cause instanceof ErrorReply && !cannotServe.test(cause.message)) return new Redis.RedisError({ cause })
  return new TransientFailure({ reason: cause instanceof ErrorReply ? "cannot_serve" : "connection", sent: "maybe" })
}

/** Closed at once with the scope: what is under way then concerns nobody any more. */
const opened = Effect.fnUntraced(function* (url: Redacted.Redacted, disableOfflineQueue: boolean) {
  const reconnectStrategy = yield* drawReconnectPauses
  const client = yield* Effect.acquireRelease(
    Effect.sync(() =>
      createClient({
        url: Redacted.value(url),
        disableOfflineQueue,
        commandsQueueMaxLength: queueLength,
        socket: { connectTimeout: connectMillis, reconnectStrategy }
      })
    ),
    (made) => Effect.sync(() => made.isOpen && made.destroy())
  )
  // The circuit says what there is to say; without a listener the process would end.
  client.on("error", () => undefined)
  return client
})

export const SharedRedis = {
  /** `Redis`, and the store of rate limits on it. */
  layer: (url: Redacted.Redacted): Layer.Layer<Redis.Redis | RateLimiter.RateLimiterStore> => {
    const redis = Layer.effect(Redis.Redis, makeRedis(url))
    return Layer.provideMerge(RateLimiter.layerStoreRedis({ prefix: "holdfast:rate:" }), redis)
  }
}

const makeRedis = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const dependency = yield* Dependency.make("redis", redisPolicy)
  const client = yield* opened(url, true)
  const connecting = yield* Effect.forkScoped(Effect.exit(Effect.tryPromise(() => client.connect())))
  // The first requests would find it away otherwise, and open the circuit.
  yield* Effect.timeoutOption(Fiber.await(connecting), connectMillis)

  const send = <A = unknown>(command: string, ...args: ReadonlyArray<string>): Effect.Effect<A, Redis.RedisError> =>
    dependency
      .call(
        Effect.tryPromise({
          // What a command answers, its caller knows.
          try: (abortSignal) =>
            client.withAbortSignal(abortSignal).sendCommand([command, ...args]) as unknown as Promise<A>,
          catch: failureOf
        }),
        { kind: "write-once" }
      )
      .pipe(
        Effect.mapError((error) =>
          error._tag === "DependencyUnavailable" ? new Redis.RedisError({ cause: error }) : error
        ),
        // One line each time would be a line a second while it is away.
        Effect.provideService(References.MinimumLogLevel, "None")
      ) as Effect.Effect<A, Redis.RedisError>

  let there = true
  const look = Effect.gen(function* () {
    yield* Effect.exit(send("PING"))
    const { state } = yield* dependency.snapshot
    const now = state === "closed"
    if (now === there) return
    if (now) yield* Effect.logWarning("redis is back: limits and circuits are shared again")
    else if (state === "open") yield* Effect.logWarning("redis is away: limits and circuits are this node's own")
    else return
    there = now
  })
  yield* look.pipe(Effect.andThen(Effect.sleep(askEvery)), Effect.forever, Effect.forkScoped)

  return yield* Redis.make({
    send,
    // A connection of its own, which waits for Redis as long as it takes, and listens again when it is back.
    subscribe: (channel, onMessage) =>
      Effect.gen(function* () {
        const subscriber = yield* opened(url, false)
        return Effect.tryPromise({
          try: async () => {
            await subscriber.connect()
            await subscriber.subscribe(channel, (message) => onMessage({ channel, message }))
          },
          catch: (cause) => new Redis.RedisError({ cause })
        }).pipe(Effect.andThen(Effect.never))
      }),
    connect: Effect.fail(new Redis.RedisError({ cause: "nobody here blocks on Redis" }))
  })
})
