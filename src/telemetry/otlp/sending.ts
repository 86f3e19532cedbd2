/**
 * Sends what waits in an outbox, one request after the other, in the background.
 *
 * A collector that is away is asked again after growing pauses, up to half a minute, or when it said so; meanwhile the
 * outbox fills and then drops. One line in the log says that it is away, one that it is back. At the end what waits is
 * sent once more, within a bound: stopping the shop never takes longer because of a collector.
 */
import { Clock, Duration, Effect } from "effect"
import type { Outbox } from "./Outbox.ts"
import { openPost, type Posted } from "./post.ts"

const sendEvery = "1 second"
const firstPauseMillis = 1_000
const longestPauseMillis = 30_000
/** Of all that stopping may take. */
const lastWithin = Duration.seconds(2)

export interface SignalOptions {
  readonly signal: "traces" | "metrics" | "logs"
  readonly url: string
  readonly outbox: Outbox
  /** The whole body, around what waits. */
  readonly bodyOf: (batch: ReadonlyArray<string>) => string
}

/** A pause is no longer because somebody sets the clock. */
const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

const sending = Effect.fnUntraced(function* ({ bodyOf, outbox, signal, url }: SignalOptions) {
  const { post } = yield* Effect.acquireRelease(
    Effect.sync(() => openPost(url)),
    ({ close }) => Effect.sync(close)
  )
  let away = false
  let pauseMillis = 0
  let notBefore = Number.NEGATIVE_INFINITY

  const heard = Effect.fnUntraced(function* (posted: Posted, count: number) {
    if (posted._tag !== "Later") {
      outbox.settle(count, posted._tag === "Taken" ? "exported" : "refused")
      pauseMillis = 0
    } else {
      pauseMillis = Math.min(longestPauseMillis, Math.max(firstPauseMillis, pauseMillis * 2))
      notBefore = (yield* monotonicMillis) + Math.min(longestPauseMillis, Math.max(pauseMillis, posted.afterMillis))
    }
    if (posted._tag === "Taken") {
      if (away) yield* Effect.logInfo("the collector takes telemetry again", { signal })
      away = false
      return
    }
    if (!away) {
      const facts = { severity: "expected", signal, reason: posted.reason }
      yield* Effect.logWarning("the collector does not take telemetry", facts)
    }
    away = true
  })

  const sendAll = Effect.gen(function* () {
    while (outbox.entries > 0) {
      const batch = outbox.next()
      const posted = yield* post(bodyOf(batch))
      yield* heard(posted, batch.length)
      if (posted._tag === "Later") return
    }
  })
  const sendWhenDue = Effect.flatMap(monotonicMillis, (now) => (now < notBefore ? Effect.void : sendAll))

  return { sendAll, sendWhenDue, close: Effect.sync(() => outbox.close()) }
})

/** Until the scope closes; then what waits is sent once more, all signals at the same time. */
export const sendingAll = Effect.fnUntraced(function* (signals: ReadonlyArray<SignalOptions>) {
  const senders = yield* Effect.forEach(signals, sending)
  yield* Effect.addFinalizer(() =>
    Effect.forEach(
      senders,
      ({ close, sendAll }) =>
        Effect.timeoutOrElse(Effect.interruptible(sendAll), { duration: lastWithin, orElse: () => Effect.void }).pipe(
          Effect.andThen(close)
        ),
      { concurrency: "unbounded", discard: true }
    )
  )
  for (const { sendWhenDue } of senders) {
    yield* Effect.forkScoped(Effect.forever(Effect.delay(sendWhenDue, sendEvery)))
  }
})
