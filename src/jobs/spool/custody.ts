/**
 * Custody of a write that cannot be done now: in this node's spool, to be decided within the hour that it is promised for.
 *
 * What keeps it from being kept is for the log. Whoever handed it in is told as what it is to them: the failure that made
 * the spool necessary. Safe to repeat: one id is kept once, and answers with the id under which it was kept first.
 */
import { DateTime, Effect, Option } from "effect"
import type { DatabaseUnavailable } from "../../database/errors.ts"
import { currentOrigin } from "../origin.ts"
import { type Kept, waiting } from "./Deferred.ts"
import { withOrigin } from "./entryOrigin.ts"
import { acceptedFor, type Entry, type Put, Spool } from "./Spool.ts"

/** What is handed in; when it came, and for how long it is promised, is said here. */
interface Wish extends Omit<Entry, "acceptedAt" | "acceptUntil"> {
  /** Under which it is kept if it came when another secret was the current one. */
  readonly formerId: string | undefined
}

export const makeCustody = Effect.map(Spool, (spool) =>
  Effect.fnUntraced(function* <E>(
    { formerId, ...wish }: Wish,
    because: DatabaseUnavailable,
    /** The account has used the key for another wish. */
    keyTaken: () => E
  ): Effect.fn.Return<Kept, E | DatabaseUnavailable> {
    const acceptedAt = yield* DateTime.now
    const payload = withOrigin(wish.payload, yield* currentOrigin)
    const entry: Entry = { ...wish, payload, acceptedAt, acceptUntil: DateTime.addDuration(acceptedAt, acceptedFor) }
    const before = formerId === undefined ? Effect.succeedNone : spool.find(formerId)
    const putOnce = Effect.flatMap(
      before,
      Option.match({
        onNone: () => spool.put(entry),
        onSome: (known) => Effect.succeed<Put>({ _tag: "Kept", entry: known, replayed: true })
      })
    )
    const put = yield* Effect.catchTag(putOnce, ["SpoolFull", "SpoolUnavailable"], (refusal) =>
      Effect.andThen(
        Effect.logWarning("a write was not kept", {
          severity: "expected",
          kind: entry.kind,
          code: refusal._tag,
          reason: "limit" in refusal ? refusal.limit : refusal.reason
        }),
        Effect.fail(because)
      )
    )
    if (put._tag === "KeyTaken") return yield* Effect.fail(keyTaken())
    const { entry: kept, replayed } = put
    if (!replayed) yield* Effect.logInfo("a write was kept for later", { deferred: kept.id, kind: kept.kind })
    return { deferred: waiting(kept), replayed }
  })
)
