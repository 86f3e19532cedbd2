/** What a scenario promised and what was seen, held against each other: a line for each promise that was not kept. */
import { kindsOfRequests, probes, type What } from "./load.ts"
import type { Outcome } from "./runScenario.ts"
import type { Promised } from "./Scenario.ts"

/** FAULTS: of every process, in every fault. */
const rssMegabytesAtMost = 400
/** More open files than before the fault are a leak; so many are the pools, which had not all been opened by then. */
const descriptorsMore = 20

const reads: ReadonlyArray<What> = ["catalogue", "stock", "own order", "deferred"]
const accounts: ReadonlyArray<What> = ["sign up", "log in"]

const below = (what: string, is: number, least: number) =>
  is >= least ? [] : [`${what}: ${(is * 100).toFixed(2)} %, promised ${(least * 100).toFixed(2)} %`]
const above = (what: string, is: number, most: number | undefined) =>
  most === undefined || Number.isNaN(is) || Number.isNaN(most) || is <= most
    ? []
    : [`${what}: ${is.toFixed(2)}, promised ${most} at most`]

/** The shares that were served: of each kind that was promised by itself, and of the rest of its like together. */
const unserved = (promised: Promised, { served }: Outcome["figures"]) => {
  const apart = promised.served ?? {}
  const rest = (all: ReadonlyArray<What>) => all.filter((what) => apart[what] === undefined)
  return [
    ...below("orders served", served("order"), apart.order ?? promised.orders),
    ...below("reads served", served(...rest(reads)), promised.reads),
    ...below("sign-ups and log-ins served", served(...rest(accounts)), promised.accounts ?? promised.reads),
    ...kindsOfRequests.flatMap((what) =>
      probes.has(what) || what === "order" ? [] : below(`${what} served`, served(what), apart[what] ?? 0)
    ),
    ...below("the process answered", served("live"), apart.live ?? 1),
    ...below("it was ready", served("ready"), apart.ready ?? 1)
  ]
}

const late = (promised: NonNullable<Promised["onceKnown"]>, figures: Outcome["figures"]) => {
  const { orders, p99 } = figures.after(promised.afterSeconds)
  const when = `from ${promised.afterSeconds} s on`
  return [
    ...above(`p99 in ms ${when}`, p99, promised.p99Millis),
    ...below(`orders served ${when}`, orders, promised.orders)
  ]
}

/** A path of milliseconds is measured on a machine that does other things too: that much is nobody's doing. */
const noiseMillis = 10

export const notKept = (promised: Promised, outcome: Omit<Outcome, "broken">): ReadonlyArray<string> => {
  const { callsPerOperation, descriptors, drainSeconds, figures, rssMegabytes } = outcome
  const { onceKnown } = promised
  return [
    ...unserved(promised, figures),
    ...below("served or told to come back", figures.wellFormed, promised.wellFormed ?? 1),
    ...(onceKnown === undefined ? [] : late(onceKnown, figures)),
    ...(promised.unaffected ?? []).flatMap((what) => {
      const { before, during } = figures.p99Of(what)
      return above(`p99 in ms of ${what}`, during, Math.ceil(before * 2 + noiseMillis))
    }),
    ...above("seconds to recover", figures.recoverySeconds, promised.recoverySeconds),
    ...above("seconds to drain", drainSeconds, promised.drainSeconds),
    ...above("calls per operation", callsPerOperation, promised.callsPerOperation),
    ...above("megabytes held", rssMegabytes.after, promised.rssMegabytes ?? rssMegabytesAtMost),
    ...above("open files when all is quiet", descriptors.after, descriptors.before + descriptorsMore)
  ]
}
