/**
 * The provider answers about another payment than the one that was asked about, or about another amount. It is not
 * believed, and nothing is sent that rests on it: such orders stop, and need a person, who replays them when the provider
 * is well. Then they go on from where they were, under the same keys.
 */
import { Effect } from "effect"
import type { FaultMode } from "../../../src/ops/ProviderFaults.ts"
import { operatorsEnv, replayAll } from "../operator.ts"
import { played } from "../played.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

/** What was under way when the provider became well has ended by then. */
const settled = "3 seconds"

const harm = (mode: FaultMode) => (world: World, seconds: number) =>
  Effect.gen(function* (): Effect.fn.Return<Found> {
    yield* played([{ mode, path: "/v1/payment_intents/" }])(world, seconds)
    yield* Effect.sleep(settled)
    const { items, results } = yield* replayAll(world.nodes[0])
    const figure = `${items} orders needed a person; replayed, ${results.done} went on and ${results.dead} stopped again`
    return items > 0 && results.done === items ? { notes: [figure], breaches: [] } : { notes: [], breaches: [figure] }
  })

const wrong = (name: string, says: string, mode: FaultMode): Scenario => ({
  name: `payments-${name}`,
  group: "payments",
  says: `the payment provider ${says}`,
  seconds: 8,
  ordersPerSecond: 4,
  env: operatorsEnv,
  promised: {
    orders: 0.999,
    reads: 0.999,
    unaffected: ["order", "catalogue", "stock", "own order"],
    recoverySeconds: 2,
    drainSeconds: 60
  },
  harm: harm(mode)
})

export const wrongAnswers: ReadonlyArray<Scenario> = [
  wrong("wrong-id", "answers about another payment", "wrong_id"),
  wrong("wrong-amount", "answers about another amount", "wrong_amount")
]
