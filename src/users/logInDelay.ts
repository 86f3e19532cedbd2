/**
 * The delay at log in, as a rule over what is known of one subject: pure, and the same whether there is such an account.
 *
 * The tenth failure within 15 minutes starts a delay of 30 seconds; each failure after it doubles it, up to 15 minutes.
 * All of it is forgotten with a log in, or when 15 minutes have passed after the delay without another failure. At no
 * time are there more log ins under way than may still fail before a delay, so that a thousand guesses at once are ten.
 * Milliseconds of the wall clock.
 */
import { Schema } from "effect"

const failuresBeforeDelay = 10
const within = 15 * 60_000
const firstDelay = 30_000
const longestDelay = 15 * 60_000
/**
 * Longer than any request: what has not come to an end by then never will, because its node is gone or could not write.
 * It counts as wrong, or whoever gave his requests just too little time for that would guess uncounted.
 */
const underWayAtMost = 30_000
/** When who finds too many under way may ask again: a hash or two later. */
const soon = 1_000

/**
 * Addresses that an account is known to log in from: a household, an office, a phone on its way. The one that was not
 * seen for longest is forgotten.
 */
export const mostPlaces = 10

export const DelayState = Schema.Struct({
  /** The failures that count, oldest first: none while there is a delay, which counts by itself. */
  failed: Schema.Array(Schema.Number),
  /** When those that are under way began. */
  underWay: Schema.Array(Schema.Number),
  /** How often a delay was begun in a row. */
  delays: Schema.Int,
  delayedUntil: Schema.Number
})
export type DelayState = typeof DelayState.Type

export const untried: DelayState = { failed: [], underWay: [], delays: 0, delayedUntil: 0 }

/** What of it still counts at this moment. */
const remembered = (state: DelayState, now: number): DelayState =>
  state.delays > 0 && now >= state.delayedUntil + within
    ? { ...untried, underWay: state.underWay }
    : { ...state, failed: state.failed.filter((failed) => failed > now - within) }

const failing = (before: DelayState, began: number, now: number): DelayState => {
  const state = over(remembered(before, now), began)
  const failed = [...state.failed, now]
  if (state.delays === 0 && failed.length < failuresBeforeDelay) return { ...state, failed }
  const delay = Math.min(longestDelay, firstDelay * 2 ** state.delays)
  return { ...state, failed: [], delays: state.delays + 1, delayedUntil: now + delay }
}

/** What counts at this moment, with those that will not come to an end any more. */
const current = (state: DelayState, now: number): DelayState => {
  const unended = state.underWay.filter((began) => began <= now - underWayAtMost)
  return remembered(
    unended.reduce((before, began) => failing(before, began, began + underWayAtMost), state),
    now
  )
}

export type Begun = { readonly refusedForMillis: number; readonly state: DelayState }

/** A log in begins, or is refused: then it says for how long. */
export const begin = (before: DelayState, now: number): Begun => {
  const state = current(before, now)
  if (now < state.delayedUntil) return { refusedForMillis: state.delayedUntil - now, state }
  const mayFail = state.delays > 0 ? 1 : failuresBeforeDelay - state.failed.length
  if (state.underWay.length >= mayFail) return { refusedForMillis: soon, state }
  return { refusedForMillis: 0, state: { ...state, underWay: [...state.underWay, now] } }
}

/** The log in that began then was wrong. */
export const wrong = (before: DelayState, began: number, now: number): DelayState =>
  failing(current(before, now), began, now)

/** It was right: whatever went before is forgiven, but for what is still under way. */
export const right = (before: DelayState, began: number, now: number): DelayState => ({
  ...untried,
  underWay: over(current(before, now), began).underWay
})

/** It came to nothing: the password was not looked at, or nobody waited for the answer. */
export const over = (state: DelayState, began: number): DelayState => {
  const place = state.underWay.indexOf(began)
  return place < 0 ? state : { ...state, underWay: state.underWay.toSpliced(place, 1) }
}
