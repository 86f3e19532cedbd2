/**
 * The provider's events on their way to the shop: each is sent until it is acknowledged with a 2xx, with growing pauses.
 *
 * An event is made only of what is already promised on disk. It is kept in memory: a sandbox that is killed forgets what
 * it has not delivered, and a shop has to find out by asking, as it has to when a provider's event never comes.
 * No order is promised: several are under way at once.
 */
import { Clock, Context, Effect, Layer, Random, Ref, Schedule, Semaphore, Stream } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import { Book } from "../payments/Book.ts"
import type { Intent } from "../payments/objects.ts"
import type { Behaviour } from "./behaviour.ts"
import { deliver } from "./deliver.ts"
import { eventBody, eventOf, paymentOf, type WebhookEvent } from "./event.ts"

/** What has become of one event, for whoever wonders. */
export interface Delivery {
  readonly id: string
  readonly type: string
  readonly payment_intent: string
  attempts: number
  /** Of the last answer; 0 when there was none, null before the first attempt. */
  status: number | null
}

const atOnce = 8
/** As many deliveries are remembered, and as many may be under way: a shop that is away for long loses the rest. */
const mostEvents = 10_000
/** From a second to a minute, for about half an hour: longer than a restart, shorter than anybody's patience. */
const pauses = Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("1 minute")]).pipe(
  Schedule.upTo({ times: 35 })
)

export class Outbox extends Context.Service<
  Outbox,
  {
    /** Changes what is given, keeps the rest. */
    readonly behave: (change: Behaviour) => Effect.Effect<Behaviour>
    readonly behaviour: Effect.Effect<Behaviour>
    /** The newest last. */
    readonly deliveries: Effect.Effect<ReadonlyArray<Delivery>>
  }
>()("holdfast/sandbox/webhooks/Outbox") {
  static readonly layer = Layer.effect(
    Outbox,
    Effect.gen(function* () {
      const book = yield* Book
      const random = yield* Random.Random
      const scope = yield* Effect.scope
      const turns = yield* Semaphore.make(atOnce)
      const origin = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const behaviour = yield* Ref.make<Behaviour>({})
      const known = new Map<string, Intent>((yield* book.read).intents)
      const deliveries: Array<Delivery> = []
      let held: ReadonlyArray<WebhookEvent> = []
      let underWay = 0

      const attempt = Effect.fnUntraced(function* (event: WebhookEvent, delivery: Delivery) {
        const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
        const { url } = yield* Ref.get(behaviour)
        delivery.attempts++
        delivery.status =
          url === undefined ? 0 : yield* deliver(url, JSON.stringify(eventBody(event, seconds, origin)), seconds)
        return delivery.status >= 200 && delivery.status < 300
      })

      const send = Effect.fnUntraced(function* (event: WebhookEvent) {
        if (underWay >= mostEvents) return
        underWay++
        const { delay_ms = 0 } = yield* Ref.get(behaviour)
        const delivery: Delivery = {
          id: event.id,
          type: event.type,
          payment_intent: paymentOf(event),
          attempts: 0,
          status: null
        }
        deliveries.push(delivery)
        if (deliveries.length > mostEvents) deliveries.shift()
        yield* Effect.sleep(delay_ms).pipe(
          Effect.andThen(
            Effect.repeat(turns.withPermit(attempt(event, delivery)), { until: (arrived) => arrived, schedule: pauses })
          ),
          Effect.ensuring(Effect.sync(() => underWay--)),
          Effect.forkIn(scope)
        )
      })

      const sendAll = Effect.fnUntraced(function* (event: WebhookEvent) {
        const { duplicates = 0, hold = false, lose = 0, url } = yield* Ref.get(behaviour)
        // The provider sends to endpoints that it knows, and does not make up for the time before.
        if (url === undefined || random.nextDoubleUnsafe() < lose) return
        if (hold) held = [...held, event].slice(-mostEvents)
        else for (let copy = 0; copy <= duplicates; copy++) yield* send(event)
      })

      const behave = Effect.fnUntraced(function* (change: Behaviour) {
        const now = yield* Ref.updateAndGet(behaviour, (before) => ({ ...before, ...change }))
        if (now.hold === true) return now
        const released = now.reversed === true ? held.toReversed() : held
        held = []
        yield* Effect.forEach(released, sendAll, { discard: true })
        return now
      })

      yield* book.promised.pipe(
        Stream.runForEach((record) => {
          const id = `evt_${random.nextIntUnsafe().toString(36).replace("-", "m")}${Date.parse(record.at).toString(36)}`
          const event = eventOf(id, record.intent === null ? undefined : known.get(record.intent.id), record)
          if (record.intent !== null) known.set(record.intent.id, record.intent)
          return event === undefined ? Effect.void : sendAll(event)
        }),
        Effect.forkScoped({ startImmediately: true })
      )

      return Outbox.of({
        behave,
        behaviour: Ref.get(behaviour),
        deliveries: Effect.sync(() => [...deliveries])
      })
    })
  )
}
