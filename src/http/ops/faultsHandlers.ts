/** Unpacks what operators let the sandbox's providers do. Where no sandbox plays them, there is nothing here. */
import { Effect, Option } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { playedFaults } from "../../ops/ProviderFaults.ts"
import { RouteNotFound } from "../errors.ts"
import { OpsApi } from "./OpsApi.ts"
import { mayChange } from "./OpsAuthorization.ts"

export const faultsHandlers = HttpApiBuilder.group(
  OpsApi,
  "faults",
  Effect.fn(function* (handlers) {
    const played = yield* playedFaults
    const here = Option.match(played, {
      onNone: () => Effect.fail(new RouteNotFound()),
      onSome: Effect.succeed
    })
    const striking = Effect.flatMap(here, (faults) => Effect.map(faults.striking, (data) => ({ data })))
    return handlers.handleAll({
      list: () => striking,
      add: Effect.fnUntraced(function* ({ payload: { reason, ...fault } }) {
        const faults = yield* here
        yield* faults.add(fault, { actor: yield* mayChange, reason })
        return yield* striking
      }),
      clear: Effect.fnUntraced(function* ({ payload: { provider, reason } }) {
        const faults = yield* here
        yield* faults.clear(provider, { actor: yield* mayChange, reason })
        return yield* striking
      })
    })
  })
)
