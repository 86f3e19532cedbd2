/**
 * Analytics over the HTTP contract of docs/analytics.md: a bounded buffer, and one fiber that sends it in batches.
 *
 * A batch whose answer is not known is sent again; whoever counts knows an event by its id. What waits in the buffer when
 * the process is killed is gone; when it is stopped, one more batch is tried.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Clock, Context, DateTime, Effect, Layer, Metric } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { Dependency, KillSwitches, parseRetryAfter, TransientFailure, whenEnabled } from "../../resilience/index.ts"
import { wholeAnswer } from "../answers.ts"
import { sendTo } from "../outgoing.ts"
import { Analytics, type AnalyticsEvent, counting } from "./Analytics.ts"
import { EventBuffer } from "./EventBuffer.ts"
import {
  analyticsPolicy,
  lastBatchWithin,
  longestAnswerBytes,
  mostBuffered,
  mostInABatch,
  sendEvery
} from "./policy.ts"
import type { EventBody } from "./wire.ts"

/** Where whoever counts events is. */
export class AnalyticsUrl extends Context.Service<AnalyticsUrl, string>()(
  "holdfast/dependencies/analytics/AnalyticsUrl"
) {}

const connections = NodeHttpClient.layerUndiciOptions({ connections: 1, connect: { timeout: 1000 } })

const sent = Metric.counter("holdfast_analytics_events_sent_total", {
  description: "Events that were taken by whoever counts them",
  incremental: true
})
const dropped = Metric.counter("holdfast_analytics_events_dropped_total", {
  description: "Events that are gone: without room while nobody took them, or while analytics is switched off",
  incremental: true
})
/** Those that happened while an operator had it off. */
export const switchedOff = Metric.withAttributes(dropped, { reason: "switched_off" })
const waiting = Metric.gauge("holdfast_analytics_events_waiting", { description: "Events that wait to be sent" })

const layerHttp = Layer.effect(
  Analytics,
  Effect.gen(function* () {
    const send = sendTo("analytics", yield* HttpClient.HttpClient)
    const url = `${(yield* AnalyticsUrl).replace(/\/+$/, "")}/events`
    const random = yield* SecureRandom.SecureRandom
    const switches = yield* KillSwitches
    const dependency = yield* Dependency.make("analytics", analyticsPolicy)
    const buffer = new EventBuffer<EventBody>(mostBuffered)

    const post = Effect.fnUntraced(function* (
      events: ReadonlyArray<EventBody>
    ): Effect.fn.Return<void, TransientFailure> {
      const request = HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post(url), { events })
      const { headers, status } = yield* wholeAnswer(send, request, longestAnswerBytes)
      if (status >= 200 && status < 300) return
      const nowMillis = yield* Clock.currentTimeMillis
      const retryAfter = parseRetryAfter(headers["retry-after"], { date: headers["date"], nowMillis })
      const isThrottled = status === 429
      const reason = isThrottled ? "rate_limited" : `status_${status}`
      return yield* Effect.fail(
        new TransientFailure({ reason, sent: isThrottled ? "no" : "maybe", retryAfter, throttled: isThrottled })
      )
    })

    /** The next batch; whether there may be more. */
    const sendOne = Effect.suspend(() => {
      const batch = buffer.take(mostInABatch)
      if (batch.length === 0) return Effect.succeed(false)
      return dependency.call(post(batch), { kind: "write-once", priority: "sheddable" }).pipe(
        Effect.andThen(Metric.update(sent, batch.length)),
        Effect.as(true),
        Effect.onInterrupt(() => Effect.sync(() => buffer.giveBack(batch))),
        Effect.catch(({ reason }) =>
          Effect.as(
            Effect.andThen(
              Effect.sync(() => buffer.giveBack(batch)),
              Effect.logDebug("events wait", { module: "analytics", events: buffer.size, reason })
            ),
            false
          )
        )
      )
    })

    let reported = 0
    const report = Effect.suspend(() => {
      const more = buffer.dropped - reported
      reported = buffer.dropped
      return Effect.andThen(Metric.update(waiting, buffer.size), more > 0 ? droppedNow(more) : Effect.void)
    })
    const droppedNow = (events: number) =>
      Effect.andThen(
        Metric.update(Metric.withAttributes(dropped, { reason: "no_room" }), events),
        Effect.logWarning("events dropped", { severity: "expected", dependency: "analytics", events })
      )

    const sendAll = Effect.andThen(Effect.repeat(sendOne, { while: (more) => more }), report)
    yield* Effect.addFinalizer(() =>
      Effect.timeoutOrElse(sendAll, { duration: lastBatchWithin, orElse: () => Effect.void })
    )
    yield* Effect.forkScoped(Effect.forever(Effect.delay(sendAll, sendEvery)))

    return {
      track: ({ about, name }: AnalyticsEvent) =>
        Effect.gen(function* () {
          yield* whenEnabled(counting)
          const at = DateTime.formatIso(yield* DateTime.now)
          buffer.offer({ id: yield* random.ulid, name, about, at })
        }).pipe(
          Effect.provideService(KillSwitches, switches),
          Effect.catchTag("FeatureDisabled", () => Metric.update(switchedOff, 1))
        )
    }
  })
)

export const HttpAnalytics = {
  /** Over a client of the caller's. */
  layerHttp,
  /** Over a connection of its own. */
  layer: Layer.provide(layerHttp, connections)
}
