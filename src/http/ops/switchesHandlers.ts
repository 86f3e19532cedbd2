/** Unpacks what operators switch, and shows what is switched and how each circuit stands. */
import { DateTime, Effect, Layer } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { type Change, type Switchable, switchboard } from "../../ops/switchboard.ts"
import type { DependencySnapshot, Override } from "../../resilience/index.ts"
import { ValidationFailed } from "../errors.ts"
import { OpsApi } from "./OpsApi.ts"
import { mayChange } from "./OpsAuthorization.ts"

const orderShown = ({ actor, kind, persisted, reason, since, until }: Override) => ({
  kind,
  actor,
  reason,
  since: DateTime.makeUnsafe(since),
  expires_at: until === undefined ? null : DateTime.makeUnsafe(until),
  persisted
})
const switchShown = ({ name, of, off }: Switchable) => ({
  name,
  of,
  state: off === undefined ? ("on" as const) : ("off" as const),
  order: off === undefined ? null : orderShown(off)
})
const circuitShown = (now: DateTime.Utc) => (circuit: DependencySnapshot) => ({
  name: circuit.name,
  state: circuit.state,
  since: DateTime.subtract(now, { milliseconds: Math.round(circuit.stateMillis) }),
  retry_after_seconds: Math.ceil(circuit.retryAfterMillis / 1000),
  switched_off: circuit.switchedOff,
  orders: circuit.overrides.map(orderShown),
  in_flight: circuit.inFlight,
  limit: circuit.limit,
  calls: circuit.calls,
  failures: circuit.failures,
  retries: circuit.retries,
  rejections: circuit.rejections,
  outage_seconds: circuit.outageSeconds,
  last_error_type: circuit.lastErrorType ?? null
})

const inThePast = new ValidationFailed({
  truncated: false,
  errors: [
    { in: "payload", pointer: "/expires_at", code: "out_of_range", message: "This is over already: name a later time." }
  ]
})

interface Asked {
  readonly params: { readonly name: string }
  readonly payload: { readonly reason: string; readonly expires_at?: DateTime.Utc }
}
const changeOf = Effect.fnUntraced(function* ({ payload }: Asked) {
  const change: Change = { actor: yield* mayChange, reason: payload.reason, until: payload.expires_at }
  if (change.until !== undefined && DateTime.isLessThanOrEqualTo(change.until, yield* DateTime.now)) {
    return yield* inThePast
  }
  return change
})

const switchesHandlers = HttpApiBuilder.group(
  OpsApi,
  "switches",
  Effect.fn(function* (handlers) {
    const board = yield* switchboard
    const shown = Effect.map(board.switches, (all) => all.map(switchShown))
    const change = (verb: "off" | "on") =>
      Effect.fnUntraced(function* (asked: Asked) {
        const { name } = asked.params
        yield* board[verb](name, yield* changeOf(asked))
        return (yield* shown).find((each) => each.name === name) ?? (yield* Effect.die("A switch has gone."))
      })
    return handlers.handleAll({
      list: () => Effect.map(shown, (data) => ({ data })),
      off: change("off"),
      on: change("on")
    })
  })
)

const circuitsHandlers = HttpApiBuilder.group(
  OpsApi,
  "circuits",
  Effect.fn(function* (handlers) {
    const board = yield* switchboard
    const shown = Effect.gen(function* () {
      return (yield* board.circuits).map(circuitShown(yield* DateTime.now))
    })
    const change = (verb: "forceOpen" | "disable" | "reset") =>
      Effect.fnUntraced(function* (asked: Asked) {
        yield* board[verb](asked.params.name, yield* changeOf(asked))
        return { data: (yield* shown).filter(({ name }) => name === asked.params.name) }
      })
    return handlers.handleAll({
      list: () => Effect.map(shown, (data) => ({ data })),
      forceOpen: change("forceOpen"),
      disable: change("disable"),
      reset: change("reset")
    })
  })
)

export const switchHandlers = Layer.merge(switchesHandlers, circuitsHandlers)
