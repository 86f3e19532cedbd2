/** A look of a node at which all is well, and what a test changes of it. */
import { DateTime, Effect, Option } from "effect"
import type { Look, Seen } from "../../../../src/http/ops/page/Console.ts"
import { witnesses } from "../../../../src/ops/comparisons.ts"
import type { Flow } from "../../../../src/ops/OrderFlow.ts"
import { Backoff, Dependency } from "../../../../src/resilience/index.ts"

export const now = DateTime.makeUnsafe("2026-03-01T12:00:00Z")
export const before = (seconds: number) => DateTime.subtract(now, { seconds })

export const seen = <A>(value: A, old = false): Option.Option<Seen<A>> => Option.some({ value, at: now, old })

const quiet = Array.from({ length: 120 }, () => 0)
export const flowOf = (flow: Partial<Flow["counts"]>): Flow => ({
  counts: { placed: quiet, confirmed: quiet, captured: quiet, failed: quiet, cancelled: quiet, ...flow },
  confirmedMinor: {},
  waiting: []
})

/** A dependency that nobody has called. */
export const untouched = Effect.flatMap(
  Dependency.make("thing", {
    deadline: "1 second",
    attemptTimeout: "500 millis",
    attempts: 1,
    backoff: Backoff.none,
    breaker: { consecutive: 5, openFor: "1 second" },
    concurrency: 1
  }),
  ({ snapshot }) => snapshot
)

export const lookOf = (changed: Partial<Look>): Look => ({
  at: now,
  since: before(3_600),
  draining: false,
  circuits: [],
  rates: new Map(),
  switches: [],
  invariants: Object.entries(witnesses).map(([name, asked]) => ({
    name,
    count: 0,
    checked_at: before(20),
    witnesses: asked,
    rows: []
  })),
  queues: seen([]),
  letters: seen([]),
  flow: seen(flowOf({})),
  doubts: seen({ count: 0, oldest: [], sums: [] }),
  audit: seen([]),
  faults: undefined,
  ...changed
})
