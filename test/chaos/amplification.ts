/**
 * Whether a provider that is away is left alone: how often it was asked while the fault lasted, against how many things
 * were wanted of it. Counted on the wire, so that whoever repeats is counted, the kit or a job.
 */
import type { Provider } from "../../src/ops/ProviderFaults.ts"
import type { ProviderTraffic } from "./providerTraffic.ts"
import type { Found, Window } from "./Scenario.ts"

/** FAULTS: 1.1 requests for each thing over an outage, ... */
const perThing = 1.1
/** ... and what the retry budget of a quiet shop holds, with what was under way when the fault began. */
const burst = 20

/** `perThing` is another one for a fault that lets some requests through: each of those fills the budget again. */
export const amplification = (
  traffic: ProviderTraffic,
  provider: Provider,
  { from, to }: Window,
  allowed = perThing
): Found => {
  const asked = traffic.asked.filter((one) => one.provider === provider && one.at >= from && one.at < to)
  const things = new Set(asked.map(({ name }) => name)).size
  const most = Math.floor(things * allowed + burst)
  const figure = `${provider}: ${asked.length} requests for ${things} things while the fault lasted`
  return asked.length <= most
    ? { notes: [figure], breaches: [] }
    : { notes: [], breaches: [`${figure}; ${most} at most`] }
}
