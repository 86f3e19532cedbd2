/**
 * One kind of harm, and what the shop has promised for it. A scenario is a file under scenarios/ and a line in all.ts.
 *
 * The runner starts the world, drives load, lets the scenario do its harm, watches until all is quiet, and judges:
 * the invariants, what is promised here, and what the scenario checks itself.
 */
import type { Effect, Scope } from "effect"
import type { Database } from "../../src/database/Database.ts"
import type { Environment } from "../main/process.ts"
import type { Traffic, What } from "./load.ts"
import type { PostgresOptions } from "./postgres.ts"
import type { World } from "./World.ts"

/** As `--group` takes it. */
export const groups = ["database", "network", "payments", "providers", "process", "metastability"] as const
export type Group = (typeof groups)[number]

/** When the fault began and ended, milliseconds. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** What the customers and the provider must have seen while the fault lasted, and after. Shares are 0 to 1. */
export interface Promised {
  /** Of orders, answered 2xx or an expected 4xx within the deadline. */
  readonly orders: number
  /** Of looks at the catalogue, at stock, at orders and at what was taken for later, all together. */
  readonly reads: number
  /** Of sign-ups and log-ins, together. Default: as of reads. */
  readonly accounts?: number
  /** Of one kind of request; it is not in the shares above then. */
  readonly served?: Partial<Readonly<Record<What, number>>>
  /** Of every kind but probes: served, or answered 429 or 503 with Retry-After, or 504. Default: 1. */
  readonly wellFormed?: number
  /** Of what comes later than so many seconds into the fault: 99 % of all answers within this time, and orders served. */
  readonly onceKnown?: { readonly afterSeconds: number; readonly p99Millis: number; readonly orders: number }
  /** What the fault has nothing to do with: 99 % of each within twice the healthy time and 10 ms. */
  readonly unaffected?: ReadonlyArray<What>
  /** From the end of the fault until every request is served again. */
  readonly recoverySeconds: number
  /** From the end of the fault until all that was placed before it has come to its end. */
  readonly drainSeconds: number
  /** Requests that the provider got for each operation of the shop's. */
  readonly callsPerOperation?: number
  /** What the largest process of the shop's may hold. Default: 400. */
  readonly rssMegabytes?: number
}

export interface Found {
  /** Figures of this scenario's own, for the reader. */
  readonly notes: ReadonlyArray<string>
  /** What is not as promised; each makes the run fail. */
  readonly breaches: ReadonlyArray<string>
}

export interface Scenario {
  /** As `--only` takes it: lower case and dashes. */
  readonly name: string
  readonly group: Group
  /** A sentence: what happens to the shop. */
  readonly says: string
  /** How long the fault lasts, if nobody asks for another time. */
  readonly seconds: number
  readonly ordersPerSecond: number
  /** Default: 1. Two are behind a proxy that honours readiness. */
  readonly nodes?: 1 | 2
  /** Whether a customer who hears nothing, or 503, from one of two nodes asks once more, at once. Default: yes. */
  readonly asksAgain?: boolean
  readonly env?: Environment
  /** The goods are kept by the stock service that stands in. */
  readonly goodsElsewhere?: boolean
  /** The payment provider is behind TLS, with a certificate that nobody vouches for. */
  readonly paymentsOverTls?: boolean
  /** Its nodes share their limits over a Redis of the world's own, where one can be had. */
  readonly redis?: boolean
  /** How many files and connections a node may have open. */
  readonly descriptors?: number
  readonly postgres?: PostgresOptions
  readonly promised: Promised
  /**
   * Does the harm, for so many seconds, and ends when it is over; its scope closes right after. What it found counts, and
   * so do customers of its own that it writes into `traffic`.
   */
  readonly harm: (world: World, seconds: number, traffic: Traffic) => Effect.Effect<Found | void, never, Scope.Scope>
  /** Looks at more than every scenario does, when all is quiet. */
  readonly examine?: (world: World, window: Window) => Effect.Effect<Found, never, Database>
}
