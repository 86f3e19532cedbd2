/**
 * The circuit breaker: a state machine over monotonic milliseconds, without a timer and without an effect.
 *
 * It counts attempts, not calls, and only what says something about the dependency: a domain answer is a success, an
 * interrupt or a defect is nothing. A result older than the last transition changes nothing. Open turns to half-open when
 * the first probe enters. A probe's lease is its attempt's timeout: one that never settles cannot wedge the circuit.
 */
import type { Settings } from "./settings.ts"
import { Window } from "./Window.ts"

/** Resilience4j's names. `forced_open` and `disabled` (lets everything through, judges nothing) are an operator's. */
export type CircuitState = "closed" | "open" | "half_open" | "forced_open" | "disabled"

/** What an attempt's end says about the dependency. */
export type Verdict = "success" | "failure" | "nothing"

const calls = 0
const failures = 1
const slows = 2

/** Nobody knows when an operator ends it; this is when asking again costs little. */
const forcedOpenHintMs = 30_000

export class Circuit {
  private settings: Settings["breaker"]
  private window: Window | undefined
  private openUntil = 0
  private streak = 0
  private probesOut = 0
  private probesPassed = 0
  private rampFrom = -Infinity
  private outageFrom: number | undefined
  private outageMs = 0
  state: CircuitState = "closed"
  /** When it got into this state. */
  since: number
  /** Counts transitions; an attempt remembers it, so that a late result is known as one. */
  generation = 0

  constructor(now: number, settings: Settings["breaker"]) {
    this.settings = settings
    this.since = now
    this.window = settings.rate && new Window(3, settings.rate.windowMs)
  }

  /** Milliseconds until asking again makes sense; zero: an attempt may enter now. */
  waitMs(now: number): number {
    switch (this.state) {
      case "closed":
      case "disabled":
        return 0
      case "open":
        return Math.max(0, this.openUntil - now)
      case "forced_open":
        return forcedOpenHintMs
      case "half_open":
        return this.probesOut + this.probesPassed < this.settings.probes ? 0 : this.settings.openMs
    }
  }

  /** Milliseconds for which no attempt can enter, whatever happens meanwhile. */
  staysOpenMs(now: number): number {
    if (this.state === "forced_open") return Infinity
    return this.state === "open" ? this.openUntil - now : 0
  }

  /** An attempt enters (`waitMs` was zero). True: it opened the half-open phase. */
  enter(now: number): boolean {
    if (this.state === "closed") return false
    if (this.state === "open") {
      this.become("half_open", now)
      this.probesOut = 1
      return true
    }
    if (this.state === "half_open") this.probesOut++
    return false
  }

  /** An attempt of generation `born` has ended. True: the state changed. `atLeastMs` lengthens an opening. */
  settle(now: number, born: number, verdict: Verdict, tookMs: number, atLeastMs: number): boolean {
    if (born !== this.generation) return false
    if (this.state === "half_open") return this.settleProbe(now, verdict, tookMs, atLeastMs)
    if (this.state !== "closed" || verdict === "nothing") return false
    if (verdict === "success") this.streak = 0
    else this.streak++
    const tripped = this.streak >= this.settings.consecutive || this.rateExceeded(now, verdict, tookMs)
    if (tripped) this.open(now, atLeastMs)
    return tripped
  }

  private settleProbe(now: number, verdict: Verdict, tookMs: number, atLeastMs: number): boolean {
    this.probesOut--
    if (verdict === "nothing") return false
    if (verdict === "failure" || tookMs > (this.settings.rate?.slowMs ?? Infinity)) {
      this.open(now, atLeastMs)
      return true
    }
    this.probesPassed++
    if (this.probesPassed < this.settings.probes) return false
    this.become("closed", now)
    this.rampFrom = now
    return true
  }

  private rateExceeded(now: number, verdict: Verdict, tookMs: number): boolean {
    const { rate } = this.settings
    if (rate === undefined || this.window === undefined) return false
    const { window } = this
    window.add(now, calls, 1)
    if (verdict === "failure") window.add(now, failures, 1)
    if (tookMs > rate.slowMs) window.add(now, slows, 1)
    const seen = window.totals[calls]!
    if (seen < rate.minimumCalls) return false
    return window.totals[failures]! >= rate.failures * seen || window.totals[slows]! >= rate.slowShare * seen
  }

  private open(now: number, atLeastMs: number): void {
    this.become("open", now)
    this.openUntil = now + Math.max(this.settings.openMs, atLeastMs)
  }

  /** Another node's circuit opened for so long: so does this one, its own time at the most. True: it was closed. */
  hear(now: number, openMs: number): boolean {
    if (this.state !== "closed") return false
    this.become("open", now)
    this.openUntil = now + Math.min(this.settings.openMs, Math.max(0, openMs))
    return true
  }

  /** The share of the limit that may be used: below one for a while after half-open. */
  limitShare(now: number): number {
    const { rampMs } = this.settings
    if (now >= this.rampFrom + rampMs) return 1
    return now < this.rampFrom + rampMs / 2 ? 0.25 : 0.5
  }

  /** An operator's word; `undefined` ends it. A forced opening ends with a probe, everything else closed and clean. */
  rule(now: number, order: "forced_open" | "disabled" | undefined): boolean {
    const target = order ?? (this.state === "forced_open" ? "open" : "closed")
    const ruled = this.state === "forced_open" || this.state === "disabled"
    if (target === this.state || (order === undefined && !ruled)) return false
    this.become(target, now)
    this.openUntil = now
    return true
  }

  /** Closed, counters at zero. True: it was not closed before. */
  reset(now: number): boolean {
    const moved = this.state !== "closed"
    this.become("closed", now)
    this.rampFrom = -Infinity
    return moved
  }

  private become(state: CircuitState, now: number): void {
    const down = state !== "closed" && state !== "disabled"
    if (down) this.outageFrom ??= now
    else if (this.outageFrom !== undefined) {
      this.outageMs += now - this.outageFrom
      this.outageFrom = undefined
    }
    this.state = state
    this.since = now
    this.generation++
    this.streak = 0
    this.probesOut = 0
    this.probesPassed = 0
    this.window?.clear()
  }

  /** Milliseconds spent open or half-open, the current outage included. */
  outage(now: number): number {
    return this.outageMs + (this.outageFrom === undefined ? 0 : now - this.outageFrom)
  }

  /** New numbers; state, streak, window and half-open progress stay. */
  reconfigure(now: number, settings: Settings["breaker"]): void {
    if (settings.rate === undefined) this.window = undefined
    else if (this.window === undefined) this.window = new Window(3, settings.rate.windowMs)
    else this.window.resize(now, settings.rate.windowMs)
    this.settings = settings
  }
}
