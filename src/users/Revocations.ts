/**
 * What is known of sessions while they cannot be looked up: which have been ended, and who the operators are.
 *
 * One fiber a node asks once a second, so in an outage it is the state of the second before it. It is good for 15
 * minutes: then nobody is taken at their word any more. Ended sessions are remembered until their tokens have run out;
 * if they are too many to be remembered, nothing is known of anybody. Not for deciding while the database answers.
 */
import { Clock, Context, DateTime, Duration, Effect, Layer, Option, type Scope } from "effect"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { SessionRepo } from "./SessionRepo.ts"
import type { SessionClaims } from "./Tokens.ts"
import type { Role, SessionId, UserId } from "./User.ts"
import { UserRepo } from "./UserRepo.ts"

/** What an operator can see going on, and the longest that a stolen token outlives the end of its session. */
const goodFor = Duration.minutes(15)
const askEvery = Duration.seconds(1)
/** How far the clocks of two nodes may be apart, and how long a log out may take to be seen by others. */
const overlap = Duration.minutes(1)
/** A hundred thousand log outs in 30 days, some 15 MB. */
const mostEnded = 100_000
/** Operators are people who work in the shop. Those who are not kept are customers until the database is back. */
const mostOperators = 1_000

export type Known =
  /** As far as is known it still stands; its owner has this role. */
  { readonly is: "standing"; readonly role: Role } | { readonly is: "ended" } | { readonly is: "unknown" }

export class Revocations extends Context.Service<
  Revocations,
  {
    /** From memory. */
    readonly known: (session: Pick<SessionClaims, "sessionId" | "userId">) => Effect.Effect<Known>
  }
>()("holdfast/users/Revocations") {
  static readonly layerNoRepo = Layer.effect(
    Revocations,
    Effect.gen(function* () {
      const snapshot = new Snapshot()
      yield* keepAsking(snapshot, yield* SessionRepo, yield* UserRepo)
      return Revocations.of({
        known: (session) => Effect.map(monotonicMillis, (now) => snapshot.known(session, now))
      })
    })
  )
  static readonly layer = Revocations.layerNoRepo.pipe(Layer.provide([SessionRepo.layer, UserRepo.layer]))
  /** Asks nobody and knows nothing: for a store that cannot go away. */
  static readonly layerUnknown = Layer.succeed(Revocations, { known: () => Effect.succeed({ is: "unknown" }) })
}

const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

class Snapshot {
  /** With the moment at which its token runs out, after which it need not be remembered. */
  private readonly ended = new Map<SessionId, number>()
  private operators: ReadonlySet<UserId> = new Set()
  private askedAt = -Infinity
  /** Wall clock time, which is what `revoked_at` is written in. */
  askedFrom: DateTime.Utc | undefined

  known({ sessionId, userId }: Pick<SessionClaims, "sessionId" | "userId">, now: number): Known {
    if (this.ended.has(sessionId)) return { is: "ended" }
    if (this.isOverfull || now - this.askedAt > Duration.toMillis(goodFor)) return { is: "unknown" }
    return { is: "standing", role: this.operators.has(userId) ? "operator" : "customer" }
  }

  get isOverfull(): boolean {
    return this.ended.size > mostEnded
  }

  learn(ended: ReadonlyArray<Ended>, operators: ReadonlyArray<UserId>, asked: Asked): void {
    for (const { expiresAt, id } of ended) this.ended.set(id, DateTime.toEpochMillis(expiresAt))
    if (this.isOverfull) {
      const now = DateTime.toEpochMillis(asked.wall)
      for (const [id, expiresAt] of this.ended) if (expiresAt <= now) this.ended.delete(id)
    }
    this.operators = new Set(operators)
    this.askedAt = asked.monotonicMillis
    this.askedFrom = asked.wall
  }
}

interface Ended {
  readonly id: SessionId
  readonly expiresAt: DateTime.Utc
}
/** When the question was asked: what came later is not in the answer. */
interface Asked {
  readonly wall: DateTime.Utc
  readonly monotonicMillis: number
}

const keepAsking = Effect.fnUntraced(function* (
  snapshot: Snapshot,
  sessions: SessionRepo["Service"],
  users: UserRepo["Service"]
): Effect.fn.Return<void, never, Scope.Scope> {
  let failedBefore = false

  const ask = Effect.gen(function* () {
    const asked = { wall: yield* DateTime.now, monotonicMillis: yield* monotonicMillis }
    const since = Option.map(Option.fromUndefinedOr(snapshot.askedFrom), (last) =>
      DateTime.subtractDuration(last, overlap)
    )
    const ended = yield* sessions.ended(Option.getOrUndefined(since), mostEnded + 1)
    const operators = yield* users.operators(mostOperators)
    const wasOverfull = snapshot.isOverfull
    snapshot.learn(ended, operators, asked)
    failedBefore = false
    if (snapshot.isOverfull && !wasOverfull) {
      yield* Effect.logError("too many sessions were ended to remember; in an outage nobody will be let in", {
        most: mostEnded
      })
    }
  })
  /** One line an outage. */
  const keepTheLast = (error: DatabaseUnavailable | QueryTimeout) =>
    Effect.suspend(() => {
      const before = failedBefore
      failedBefore = true
      return before
        ? Effect.logDebug("ended sessions are still known as before", { module: "users", code: error._tag })
        : Effect.logWarning("ended sessions stay as they were known last", { severity: "expected", code: error._tag })
    })
  yield* Effect.catch(ask, keepTheLast).pipe(Effect.andThen(Effect.sleep(askEvery)), Effect.forever, Effect.forkScoped)
})
