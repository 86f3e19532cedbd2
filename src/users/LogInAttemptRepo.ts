/**
 * What is known of log ins: the `log_in_attempts` and `log_in_places` tables. Subjects and places are keyed hashes.
 *
 * In PostgreSQL and not in a node's memory, because guesses come to all nodes, and because whoever makes a node start
 * anew must not start anew with it. Logging in needs the database anyway: while it is down nobody logs in, and nobody
 * guesses. In memory it is the same contract on maps.
 */
import { Clock, Context, Effect, Layer } from "effect"
import type { Database } from "../database/Database.ts"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { type DelayState, mostPlaces, untried } from "./logInDelay.ts"
import { makeLogInAttemptRepoSql } from "./logInAttemptRepoSql.ts"

type Down = DatabaseUnavailable | QueryTimeout

export class LogInAttemptRepo extends Context.Service<
  LogInAttemptRepo,
  {
    /** Changes what is known of a subject; changes of one subject happen one after the other. `now` in wall clock millis. */
    readonly change: <A>(
      subject: string,
      f: (state: DelayState, now: number) => readonly [A, DelayState]
    ) => Effect.Effect<A, Down>
    readonly hasPlace: (account: string, place: string) => Effect.Effect<boolean, Down>
    readonly rememberPlace: (account: string, place: string) => Effect.Effect<void, Down>
  }
>()("holdfast/users/LogInAttemptRepo") {
  static readonly layer: Layer.Layer<LogInAttemptRepo, never, Database> = Layer.effect(
    LogInAttemptRepo,
    makeLogInAttemptRepoSql
  )
  static readonly layerMemory = Layer.sync(LogInAttemptRepo, () => {
    const states = new Map<string, DelayState>()
    const places = new Map<string, ReadonlyArray<string>>()
    return LogInAttemptRepo.of({
      change: (subject, f) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const [answer, state] = f(states.get(subject) ?? untried, now)
          states.set(subject, state)
          return answer
        }),
      hasPlace: (account, place) => Effect.sync(() => places.get(account)?.includes(place) === true),
      rememberPlace: (account, place) =>
        Effect.sync(() => {
          const others = (places.get(account) ?? []).filter((other) => other !== place)
          places.set(account, [place, ...others].slice(0, mostPlaces))
        })
    })
  })
}
