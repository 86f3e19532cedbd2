/**
 * How clients treat the server: as people do it, as Effect composes it, and with the kit. A second per attempt, all of them.
 */
import { Effect, type Scope } from "effect"
import { Backoff, Dependency, TransientFailure } from "../../../src/resilience/index.ts"
import type { Server } from "./server.ts"

export interface ClientPolicy {
  readonly name: string
  /** The server's queue is bounded and drops callers who have gone. */
  readonly bounded: boolean
  readonly client: (server: Server) => Effect.Effect<Effect.Effect<void, unknown>, never, Scope.Scope>
}

const attemptTimeout = "1 second"
const retries = 3

const attempt = (server: Server) =>
  Effect.timeoutOrElse(server.handle, {
    duration: attemptTimeout,
    orElse: () => Effect.fail(new TransientFailure({ reason: "timeout", sent: "maybe" }))
  })

const jittered = Backoff.full({ base: "100 millis", cap: "5 seconds" })

/** A tenth of the calls, saved up for at most ten seconds' worth of a small service. */
const budgeted = (server: Server) =>
  Effect.sync(() => {
    let tokens = 10
    return Effect.suspend(() => {
      tokens = Math.min(100, tokens + 0.1)
      return Effect.retry(attempt(server), {
        times: retries,
        schedule: jittered,
        while: () => {
          if (tokens < 1) return false
          tokens--
          return true
        }
      })
    })
  })

export const policies: ReadonlyArray<ClientPolicy> = [
  { name: "no retries", bounded: false, client: (server) => Effect.succeed(attempt(server)) },
  {
    name: "3 naive retries",
    bounded: false,
    client: (server) => Effect.succeed(Effect.retry(attempt(server), { times: retries }))
  },
  {
    name: "3 retries, exponential, full jitter",
    bounded: false,
    client: (server) => Effect.succeed(Effect.retry(attempt(server), { times: retries, schedule: jittered }))
  },
  { name: "budget of 10 %", bounded: false, client: budgeted },
  { name: "budget of 10 % and a bounded queue that drops callers who have gone", bounded: true, client: budgeted },
  {
    name: "holdfast/resilience",
    bounded: false,
    client: Effect.fnUntraced(function* (server: Server) {
      const dependency = yield* Dependency.make("server", {
        deadline: "4 seconds",
        attemptTimeout,
        attempts: retries + 1,
        backoff: jittered,
        concurrency: 400,
        adaptive: { minimum: 20, initial: 100 },
        queue: { size: 200, wait: "200 millis" },
        breaker: {
          consecutive: Infinity,
          rate: { failures: 0.5, minimumCalls: 50, window: "5 seconds" },
          openFor: "1 second",
          probes: 5
        }
      })
      return dependency.call(server.handle, { kind: "read" })
    })
  }
]
