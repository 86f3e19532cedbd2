/** The rule of the delay at log in, on its own. */
import { assert, describe, it } from "@effect/vitest"
import { begin, type DelayState, over, right, untried, wrong } from "../../src/users/logInDelay.ts"

const minute = 60_000
const start = 1_700_000_000_000

/** A guess that is let in and wrong; or the millis that it has to wait. */
const guess = (state: DelayState, now: number) => {
  const begun = begin(state, now)
  return begun.refusedForMillis > 0
    ? { waits: begun.refusedForMillis, state: begun.state }
    : { waits: 0, state: wrong(begun.state, now, now) }
}
const guesses = (many: number, now: number, from: DelayState = untried) => {
  let state = from
  for (let n = 0; n < many; n++) state = guess(state, now).state
  return state
}

describe("the delay at log in", () => {
  it("starts with the tenth failure within 15 minutes, and not with the ninth", () => {
    assert.strictEqual(guess(guesses(9, start), start).waits, 0)
    assert.strictEqual(guess(guesses(10, start), start).waits, 30_000)
    assert.strictEqual(guess(guesses(10, start), start + 29_999).waits, 1)
    assert.strictEqual(guess(guesses(10, start), start + 30_000).waits, 0)
  })

  it("does not start with ten failures that are further apart, wherever the 15 minutes begin", () => {
    let state = untried
    for (let n = 0; n < 100; n++) {
      const { state: next, waits } = guess(state, start + (n * (15 * minute)) / 9)
      assert.strictEqual(waits, 0, `failure ${n}`)
      state = next
    }
  })

  it("doubles with each failure after it, up to 15 minutes", () => {
    let now = start
    let state = guesses(10, now)
    const seconds: Array<number> = []
    for (let n = 0; n < 8; n++) {
      const { waits } = guess(state, now)
      seconds.push(waits / 1000)
      now += waits
      state = guess(state, now).state
    }
    assert.deepStrictEqual(seconds, [30, 60, 120, 240, 480, 900, 900, 900])
  })

  it("lets an attacker who never rests try fewer than a hundred passwords an hour", () => {
    let tried = 0
    let state = untried
    for (let now = start; now < start + 60 * minute; now += 1_000) {
      const next = guess(state, now)
      if (next.waits === 0) tried++
      state = next.state
    }
    assert.isBelow(tried, 100)
  })

  it("is over for good 15 minutes after it has ended, or with a log in", () => {
    const delayed = guesses(10, start)
    const later = start + 30_000 + 15 * minute
    assert.strictEqual(guess(guesses(9, later, delayed), later).waits, 0)
    assert.strictEqual(guess(guesses(1, later - 1, delayed), later).waits, 59_999)
    const began = start + 30_000
    const forgiven = right(begin(delayed, began).state, began, began)
    assert.deepStrictEqual(forgiven, untried)
  })

  it("lets in no more at once than may still fail", () => {
    let state = guesses(4, start)
    for (let n = 0; n < 6; n++) {
      const begun = begin(state, start)
      assert.strictEqual(begun.refusedForMillis, 0)
      state = begun.state
    }
    assert.strictEqual(begin(state, start).refusedForMillis, 1_000)
    assert.strictEqual(begin(over(state, start), start).refusedForMillis, 0)
    const delayed = begin(guesses(10, start), start + 30_000).state
    assert.strictEqual(begin(delayed, start + 30_000).refusedForMillis, 1_000)
  })
  it("counts as wrong what has not come to an end half a minute after it began", () => {
    const begun = (many: number, state = untried) => {
      let at = state
      for (let n = 0; n < many; n++) at = begin(at, start).state
      return at
    }
    assert.strictEqual(begin(begun(9), start + 30_000).refusedForMillis, 0)
    assert.strictEqual(begin(begun(10), start + 29_999).refusedForMillis, 1_000)
    assert.strictEqual(begin(begun(10), start + 30_000).refusedForMillis, 30_000)
    assert.strictEqual(begin(begun(6, guesses(4, start)), start + 30_000).refusedForMillis, 30_000)
    // As those that were told: forgotten a quarter of an hour after the delay.
    assert.deepStrictEqual(begin(begun(10), start + 60_000 + 15 * minute).state.delays, 0)
  })
})
