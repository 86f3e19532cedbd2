/** Whoever suggests products is away, or slow: pages are there all the same, with what was known, or without. */
import { Clock, Duration, Effect } from "effect"
import { recommendationsPolicy } from "../../../src/dependencies/recommendations/policy.ts"
import { request } from "../../main/client.ts"
import { atRate } from "../atRate.ts"
import { amplification } from "../amplification.ts"
import { circuitOf } from "../circuits.ts"
import { quantile } from "../figures.ts"
import { gathered } from "../found.ts"
import { played } from "../played.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

const pagesPerSecond = 10
/** Docs: a page is that much slower at most; and what a busy machine may add. */
const slowerMillis = 80
const slackMillis = 40
const path = "/recommendations/"

interface Page {
  readonly degraded?: ReadonlyArray<{ readonly feature: string }>
}
interface Look {
  readonly status: number
  readonly degraded: boolean
  readonly millis: number
}

/** Every so often one more page, with its suggestions. */
const looking = (url: string, looks: Array<Look>) =>
  Effect.gen(function* () {
    const products = yield* request<{ readonly data: ReadonlyArray<{ readonly id: string }> }>(
      `${url}/v1/products?limit=20`
    )
    const ids = products?.body.data.map(({ id }) => id) ?? []
    let number = 0
    const look = Effect.gen(function* () {
      const began = yield* Clock.currentTimeMillis
      const page = yield* request<Page>(`${url}/v1/products/${ids[number++ % ids.length]}/recommendations`)
      const degraded = page?.body.degraded?.some(({ feature }) => feature === "recommendations") ?? false
      looks.push({ status: page?.status ?? 0, degraded, millis: (yield* Clock.currentTimeMillis) - began })
    })
    yield* atRate(pagesPerSecond, look)
  })

const found = (healthy: ReadonlyArray<Look>, during: ReadonlyArray<Look>): Found => {
  const p99 = (looks: ReadonlyArray<Look>) =>
    quantile(
      looks.map(({ millis }) => millis),
      0.99
    )
  const without = during.filter(({ status }) => status !== 200).length
  const substituted = during.filter(({ degraded }) => degraded).length
  const figure = `suggestions: ${during.length} pages, ${substituted} with a substitute, p99 ${p99(during)} ms, ${p99(healthy)} before`
  return {
    notes: [figure],
    breaches: [
      ...(without > 0 ? [`suggestions: ${without} of ${during.length} pages were not there`] : []),
      ...(substituted === 0 ? ["suggestions: the fault did not strike"] : []),
      ...(p99(during) > p99(healthy) + slowerMillis + slackMillis ? [`${figure}: too slow`] : [])
    ]
  }
}

const healthySeconds = 3
/** Somebody looks until the circuit is closed again. */
const closesWithin = "10 seconds"

const harm = (world: World, seconds: number) =>
  Effect.gen(function* () {
    const looks: Array<Look> = []
    yield* Effect.forkScoped(looking(world.nodes[0].url, looks))
    yield* Effect.sleep(Duration.seconds(healthySeconds))
    const [healthy, from] = [looks.length, yield* Clock.currentTimeMillis]
    yield* played([
      { mode: "status", status: 500, path },
      { mode: "hang_before", path },
      { mode: "garbage", path }
    ])(world, seconds)
    const [during, to] = [looks.length, yield* Clock.currentTimeMillis]
    yield* Effect.sleep(closesWithin)
    const struck = { from, to }
    return gathered(
      found(looks.slice(0, healthy), looks.slice(healthy, during)),
      amplification(yield* world.provider.traffic, "recommendations", struck),
      yield* circuitOf(world.nodes[0], "recommendations", recommendationsPolicy, struck)
    )
  })

export const recommendationsDown: Scenario = {
  name: "recommendations-down",
  group: "providers",
  says: "who suggests products answers 500, then not at all, then half a JSON",
  seconds: 12,
  ordersPerSecond: 5,
  promised: {
    orders: 0.999,
    reads: 0.999,
    unaffected: ["order", "catalogue", "stock", "own order"],
    recoverySeconds: 1,
    drainSeconds: 5
  },
  harm
}
