/**
 * Telling the nodes that a queue has work: a hint, so it may be late, merged with others, or lost.
 *
 * This node's workers hear it at once. For the others one fiber announces, the first time at once and then all queues
 * together at most every few milliseconds, in statements of their own: an enqueue does not wait for it, and a crowd of
 * enqueues is one notification. One connection listens for all queues of this node, and skips what this node said.
 */
import { Duration, Effect, PubSub, Queue, Random, Schedule, Stream } from "effect"
import { Database } from "../database/Database.ts"
import { pollMillis } from "./Job.ts"

const channel = "jobs"
/** Long enough to merge a burst into 50 notifications a second, short enough for a person not to notice. */
const pause = "20 millis"
/** Nodes that hear the same notification do not claim in the same moment. */
const spreadMillis = 2

/** Polls come between 2/3 of the interval and the whole of it, so that nodes started together do not poll together. */
const polls = Schedule.spaced(Duration.millis(pollMillis / 1.2)).pipe(Schedule.jittered)

/** Emits at once, on every announcement of the queue, and as often as polls come. */
export const dueOf = (announced: PubSub.PubSub<string>, queue: string): Stream.Stream<void> =>
  Stream.merge(
    Stream.filter(Stream.fromPubSub(announced), (name) => name === queue),
    Stream.concat(
      Stream.succeed(queue),
      Stream.map(Stream.fromSchedule(polls), () => queue)
    )
  ).pipe(Stream.map(() => undefined))

export const makeAnnouncements = Effect.gen(function* () {
  const database = yield* Database
  const waiting = new Set<string>()
  const bell = yield* Queue.sliding<void>(1)
  const heard = yield* PubSub.sliding<string>(1024)
  const node = `${yield* Random.nextInt} `

  const announceAll = Effect.suspend(() => {
    const queues = [...waiting]
    waiting.clear()
    return database.query(
      "jobs.notify",
      // A notification is a transaction that is written to disk; a hint need not wait for that, nor make others wait.
      (sql) => sql`
        select set_config('synchronous_commit', 'off', true), pg_notify(${channel}, ${node}::text || queue)
        from unnest(${queues}::text[]) as queue`
    )
  }).pipe(
    // The poll finds the job within a second; a lost notification only costs that second.
    Effect.catch((error) => Effect.logDebug("jobs not announced", { module: "jobs", code: error._tag }))
  )
  yield* Queue.take(bell).pipe(
    Effect.andThen(announceAll),
    Effect.andThen(Effect.sleep(pause)),
    Effect.forever,
    Effect.forkScoped
  )
  yield* database.listen(channel).pipe(
    Stream.filter((said) => !said.startsWith(node)),
    Stream.mapEffect((said) =>
      Effect.flatMap(Random.next, (share) =>
        Effect.andThen(Effect.sleep(share * spreadMillis), PubSub.publish(heard, said.slice(said.indexOf(" ") + 1)))
      )
    ),
    Stream.runDrain,
    Effect.forkScoped
  )
  return {
    announce: (queue: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        waiting.add(queue)
        Queue.offerUnsafe(bell, undefined)
        return Effect.asVoid(PubSub.publish(heard, queue))
      }),
    due: (queue: string) => dueOf(heard, queue)
  }
})
