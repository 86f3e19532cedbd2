/**
 * How clients treat the server: as people do it, and with the kit. A second per attempt and the same backoff, all of them.
 */
import { Effect, Random, type Scope } from "effect"
import { Backoff, Dependency, type TransientFailure } from "../../../src/resilience/index.ts"
import type { Server } from "./server.ts"

export interface ClientPolicy {
  readonly name: string
  /** The server's queue is bounded and drops callers who have gone. */
  readonly bounded: boolean
  readonly client: (server: Server) => Effect.Effect<Effect.Effect<void, unknown>, never, Scope.Scope>
}

const attemptMillis = 1000
const retries = 3

type Attempt = Effect.Effect<void, TransientFailure>

/** The loop that people write. `sleep` is asked with the number of the retry, `may` before each of them. */
const retrying = (attempt: Attempt, sleep: (retry: number) => Effect.Effect<void>, may = () => true): Attempt => {
  const again = (retry: number): Attempt =>
    Effect.catch(attempt, (failure) =>
      retry > retries || !may() ? Effect.fail(failure) : Effect.flatMap(sleep(retry), () => again(retry + 1))
    )
  return again(1)
}

const atOnce = () => Effect.void

const backoff = { base: 100, cap: 5000 } as const
const fullJitter = (retry: number) =>
  Effect.flatMap(Random.next, (random) =>
    Effect.sleep(Math.round(random * Math.min(backoff.cap, backoff.base * 2 ** (retry - 1))))
  )

const attempt = (server: Server) => server.handleWithin(attemptMillis)

/** A tenth of the calls, saved up for at most ten seconds' worth of a small service. */
const budgeted = (server: Server) =>
  Effect.sync(() => {
    let tokens = 10
    const spend = () => {
      if (tokens < 1) return false
      tokens--
      return true
    }
    return Effect.suspend(() => {
      tokens = Math.min(100, tokens + 0.1)
      return retrying(attempt(server), fullJitter, spend)
    })
  })

export const policies: ReadonlyArray<ClientPolicy> = [
  { name: "no retries", bounded: false, client: (server) => Effect.succeed(attempt(server)) },
  {
    name: "3 naive retries",
    bounded: false,
    client: (server) => Effect.succeed(retrying(attempt(server), atOnce))
  },
  {
    name: "3 retries, exponential, full jitter",
    bounded: false,
    client: (server) => Effect.succeed(retrying(attempt(server), fullJitter))
  },
  { name: "budget of 10 %", bounded: false, client: budgeted },
  { name: "budget of 10 % and a bounded queue that drops callers who have gone", bounded: true, client: budgeted },
  {
    name: "holdfast/resilience",
    bounded: false,
    client: Effect.fnUntraced(function* (server: Server) {
      const dependency = yield* Dependency.make("server", {
        deadline: "4 seconds",
        attemptTimeout: attemptMillis,
        attempts: retries + 1,
        backoff: Backoff.full(backoff),
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
