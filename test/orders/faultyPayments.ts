/**
 * Payments in memory with a line to them that fails: `choose` says for each call what happens to it.
 *
 * `lost` never arrives, but nobody can know that; `unheard` takes effect, and its answer is lost; `refused` provably
 * never left. All are transient, as the real adapter reports them after its own retries.
 */
import { Context, Duration, Effect, Layer } from "effect"
import { Payments } from "../../src/dependencies/payments/Payments.ts"
import { PaymentsMemory } from "../../src/dependencies/payments/PaymentsMemory.ts"
import { DependencyUnavailable } from "../../src/resilience/index.ts"

export type Call = "create" | "confirm" | "capture" | "cancel" | "refund" | "retrieve" | "find"
export type Fault = "none" | "lost" | "unheard" | "refused"

const unavailable = (fault: Exclude<Fault, "none">) =>
  new DependencyUnavailable(
    "payments",
    fault === "refused" ? "CircuitOpen" : "Exhausted",
    fault === "refused" ? "no" : "maybe",
    fault === "refused" ? 0 : 1,
    Duration.millis(500),
    undefined
  )

export const faultyPayments = (choose: (call: Call, orderId: string) => Effect.Effect<Fault>) =>
  Layer.effectContext(
    Effect.gen(function* () {
      const inner = yield* Payments
      const through = <A, E>(call: Call, orderId: string, work: Effect.Effect<A, E>) =>
        Effect.flatMap(choose(call, orderId), (fault): Effect.Effect<A, E | DependencyUnavailable> => {
          if (fault === "none") return work
          const failed = Effect.fail(unavailable(fault))
          return fault === "unheard" ? Effect.andThen(Effect.exit(work), failed) : failed
        })
      return Context.make(
        Payments,
        Payments.of({
          create: (asked) => through("create", asked.orderId, inner.create(asked)),
          confirm: (asked) => through("confirm", asked.payment.orderId, inner.confirm(asked)),
          capture: (asked) => through("capture", asked.payment.orderId, inner.capture(asked)),
          cancel: (asked) => through("cancel", asked.payment.orderId, inner.cancel(asked)),
          refund: (asked) => through("refund", asked.payment.orderId, inner.refund(asked)),
          retrieve: (id, expected) => through("retrieve", expected?.orderId ?? "", inner.retrieve(id, expected)),
          refundsOf: (id) => through("retrieve", "", inner.refundsOf(id)),
          findByOrder: (id) => through("find", id, inner.findByOrder(id)),
          createdBetween: inner.createdBetween
        })
      ).pipe(Context.add(PaymentsMemory, yield* PaymentsMemory))
    })
  ).pipe(Layer.provide(PaymentsMemory.layer))
