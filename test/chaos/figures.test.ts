/** The figures that a scenario is judged by. */
import { describe, expect, it } from "@effect/vitest"
import { figuresOf, quantile } from "./figures.ts"
import type { Seen } from "./load.ts"

const order = (at: number, more: Partial<Seen> = {}): Seen => ({
  what: "order",
  at,
  millis: 10,
  status: 202,
  retryAfter: false,
  code: "",
  ...more
})
const away = { status: 503, retryAfter: true, code: "database_unavailable" }

describe("a quantile", () => {
  it("is the smallest value that so large a share does not exceed", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index)
    expect([0.5, 0.99, 1].map((part) => quantile(values, part))).toEqual([50, 99, 100])
    expect(quantile([], 0.5)).toBeNaN()
  })
})

describe("the figures of a scenario", () => {
  it("count as served what was answered as asked in time, while the fault lasted", () => {
    const seen = [order(0, away), order(10), order(11, { millis: 7_000 }), order(12, { status: 402 }), order(13, away)]
    const { orders, unserved, wellFormed } = figuresOf(seen, 10, 20)
    expect([orders, wellFormed]).toEqual([0.5, 0.75])
    expect([...unserved]).toEqual([
      ["order too late", 1],
      ["order database_unavailable", 1]
    ])
  })

  it("count as badly formed an answer of 503 that does not say when to come back, and none at all", () => {
    const seen = [order(10, { ...away, retryAfter: false }), order(11, { status: 0 })]
    expect(figuresOf(seen, 10, 20)).toMatchObject({ orders: 0, wellFormed: 0 })
  })

  it("say when the last request that was not served was sent, after the end of the fault", () => {
    expect(figuresOf([order(1_000, away), order(4_500, away), order(9_000)], 0, 2_000).recoverySeconds).toBe(2.5)
    expect(figuresOf([order(1_000, away), order(4_500)], 0, 2_000).recoverySeconds).toBe(0)
  })
})
