/** What `describe` prints: every strategy in the one order, outside in, with the policy's own numbers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Backoff, Chaos, type Policy } from "../../src/resilience/index.ts"
import { make } from "./subjects.ts"

const everything = {
  deadline: "3 seconds",
  attemptTimeout: "800 millis",
  attemptFloor: "50 millis",
  attempts: 4,
  retryAfterCap: "30 seconds",
  budget: { ratio: 0.1, reserve: 7, window: "20 seconds" },
  breaker: {
    consecutive: 6,
    openFor: "9 seconds",
    probes: 3,
    rate: { failures: 0.5, minimumCalls: 40, window: "15 seconds" }
  },
  concurrency: 64,
  adaptive: { minimum: 4, initial: 16 },
  queue: { size: 32, wait: "250 millis" },
  rateLimit: { permits: 10, per: "1 second", burst: 5 },
  hedge: { percentile: 0.9 },
  staleFor: "1 minute"
} as const satisfies Partial<Policy>

const printed = `thing
  fallback or last good value (per call; at most 60000 ms old)
    kill switch (an operator's)
      deadline (3000 ms in all; no attempt with 50 ms or less left)
        retry or hedge (after the 90th percentile) (at most 4 attempts)
          retry budget (10 % of the successes of 20000 ms, and 7)
            Retry-After (for everybody; at most 30000 ms)
              circuit breaker (6 failures in a row, or 50 % of 40+ calls in 15000 ms; open 9000 ms; 3 probes)
                bulkhead (4 to 64 at once; 32 wait at most 250 ms)
                  rate limit (one per 100 ms, 5 at once)
                    attempt timeout (800 ms)
                      chaos
                        the call`

describe("describe", () => {
  it.effect("prints the one order, outside in, with every strategy configured", () =>
    Effect.gen(function* () {
      const dependency = yield* make(everything)
      assert.strictEqual(dependency.describe(), printed)
    }).pipe(Effect.provide(Chaos.layer))
  )

  it.effect(
    "prints nothing about a rate limit, a hedge and chaos that are not there, and the rest in the same order",
    () =>
      Effect.gen(function* () {
        const names = (text: string) => text.split("\n").map((line) => line.trim().replace(/ \(.*$| or hedge.*$/, ""))
        const few = names((yield* make()).describe())
        assert.deepStrictEqual(
          few,
          names(printed).filter((name) => name !== "rate limit" && name !== "chaos")
        )
        assert.notInclude((yield* make()).describe(), "hedge")
      })
  )

  it.effect("prints the numbers of the policy that is in force", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.reconfigure({ ...everything, backoff: Backoff.none })
      assert.strictEqual(dependency.describe(), printed.replace(/ +chaos\n +the call/, " ".repeat(22) + "the call"))
    })
  )
})
