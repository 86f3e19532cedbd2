/**
 * Waiting for an order to get somewhere, without holding anything: no connection, no transaction, no poll of its own.
 *
 * Whoever changes an order announces its id after the commit; all that wait for that id look once more. An announcement
 * can be lost (a connection broke), so once a second all waiters look, together in one round.
 * At most 1,000 wait at a time; who comes after is answered at once with what stands.
 */
import { Clock, Context, Deferred, Effect, Layer, Schedule, Stream } from "effect"
import { monotonicMillis } from "../resilience/index.ts"
import type { OrderId } from "./Order.ts"
import { OrderChanges } from "./OrderChanges.ts"

/** A waiter costs a fiber and a socket; 1,000 of them are about 20 MB (HTTP.md). */
export const mostWaiters = 1_000

/** Who waits does not work: what is around the waiting gives back what only work needs. Set by the door. */
export const WhileWaiting = Context.Reference<<A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>>(
  "holdfast/orders/WhileWaiting",
  { defaultValue: () => (self) => self }
)

export class Outcomes extends Context.Service<
  Outcomes,
  {
    /**
     * Looks until `settled`, or until the time is over, and answers the last look. Milliseconds.
     * Fails as `look` fails.
     */
    readonly wait: <A, E>(
      id: OrderId,
      look: Effect.Effect<A, E>,
      settled: (seen: A) => boolean,
      millis: number
    ) => Effect.Effect<A, E>
    /** From now on nobody waits: who does is answered with what stands, and so is who comes. */
    readonly endWaiting: Effect.Effect<void>
  }
>()("holdfast/orders/Outcomes") {
  static readonly layer = Layer.effect(
    Outcomes,
    Effect.flatMap(OrderChanges, ({ announced }) => make(announced))
  )
}

const make = Effect.fnUntraced(function* (announced: Stream.Stream<string>) {
  const waiting = new Map<string, Set<Deferred.Deferred<void>>>()
  let waiters = 0
  let ended = false

  const wakeAll = (all: Iterable<Deferred.Deferred<void>>) =>
    Effect.forEach(all, (waiter) => Deferred.succeed(waiter, undefined), { discard: true })
  yield* Effect.forkScoped(Stream.runForEach(announced, (id) => wakeAll(waiting.get(id) ?? [])))
  yield* Effect.forkScoped(
    Effect.repeat(
      Effect.suspend(() => Effect.forEach([...waiting.values()], wakeAll, { discard: true })),
      Schedule.spaced("1 second")
    )
  )

  /** Until the next announcement, or the end of the time. */
  const next = (id: OrderId, millis: number) =>
    Effect.suspend(() => {
      const waiter = Deferred.makeUnsafe<void>()
      const others = waiting.get(id) ?? new Set()
      waiting.set(id, others.add(waiter))
      waiters += 1
      return Deferred.await(waiter).pipe(
        Effect.timeoutOption(millis),
        Effect.ensuring(
          Effect.sync(() => {
            waiters -= 1
            others.delete(waiter)
            if (others.size === 0) waiting.delete(id)
          })
        )
      )
    })

  const wait = Effect.fnUntraced(function* <A, E>(
    id: OrderId,
    look: Effect.Effect<A, E>,
    settled: (seen: A) => boolean,
    millis: number
  ) {
    const clock = yield* Clock.Clock
    const ends = monotonicMillis(clock) + millis
    let seen = yield* look
    while (!settled(seen)) {
      const left = ends - monotonicMillis(clock)
      if (ended || left <= 0 || waiters >= mostWaiters) return seen
      yield* (yield* WhileWaiting)(next(id, left))
      seen = yield* look
    }
    return seen
  })
  const endWaiting = Effect.suspend(() => {
    ended = true
    return Effect.forEach([...waiting.values()], wakeAll, { discard: true })
  })
  return Outcomes.of({ wait, endWaiting })
})
