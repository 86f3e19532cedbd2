/**
 * How many requests are worked on at once: as many as the node serves without keeping them waiting inside.
 *
 * Every tenth of a second the answers since are compared with what such requests take when nothing is in the way (their
 * baseline, learned). Slower than twice that: the limit falls, in proportion, by three tenths at most. As quick as that,
 * and at least half of the limit in use: it grows by its square root. So it follows what the machine, the database and
 * its neighbours bear at the moment, and needs no figure for any of them.
 *
 * Kinds of request have baselines of their own: an order takes longer than a page, and that is no overload.
 */
import type { Traffic } from "./traffic.ts"

/** Before anything is known: a few per core of a small machine. */
const initial = 32
/** Twice the database's pool: while the statements of some run, others are read and answered; with fewer, places are idle. */
const minimum = 20
/** Each costs memory (about 20 KB) and a place in the event loop's turn. */
const maximum = 256
const windowMillis = 100
/** Of fewer answers a mean says little; then the window goes on. */
const fewestAnswers = 10
/** Twice the time: one waits for another. A busy machine alone makes a half more of it. */
const tolerance = 2
const steepestFall = 0.7
const usedShare = 0.5
/** The last fifth is kept from what nobody would miss. */
const sheddableShare = 0.8
/**
 * The last tenth is kept from orders, placed or looked at: when all of them wait, for a lock on their table say, each holds
 * its place for seconds, and pages, which take milliseconds, go through what is left.
 */
const ordersShare = 0.9
/** Below this a request's time is noise of the runtime, and nobody notices it. Milliseconds. */
const floorMillis = { reads: 5, writes: 20 }
/** What was given up at its deadline took this many baselines at least. */
const givenUp = 10

/** A baseline falls to what is quicker at once, and rises to what is slower in a minute, or, under overload, in an hour. */
const fall = 0.5
const rise = 0.002
const riseOverloaded = 0.00003

interface Kind {
  baseline: number
  sum: number
  answers: number
}

export class AdmissionLimit {
  private limit = initial
  private readonly kinds = new Map<Traffic, Kind>()
  private startedAt: number
  private answers = 0
  private ratios = 0
  private most = 0
  inFlight = 0
  private orders = 0

  constructor(now: number) {
    this.startedAt = now
  }

  /** In whole requests. */
  get current(): number {
    return Math.floor(this.limit)
  }

  hasRoom({ about, priority }: Traffic): boolean {
    if (about === "orders" && this.orders >= Math.floor(this.limit * ordersShare)) return false
    return this.inFlight < Math.floor(priority === "sheddable" ? this.limit * sheddableShare : this.limit)
  }

  enter({ about }: Traffic): void {
    if (about === "orders") this.orders++
    this.inFlight++
    if (this.inFlight > this.most) this.most = this.inFlight
  }

  leave({ about }: Traffic): void {
    if (about === "orders") this.orders--
    this.inFlight--
  }

  /** A request was answered in so many milliseconds. */
  answered(traffic: Traffic, millis: number, now: number): void {
    const kind = this.kindOf(traffic)
    const floor = traffic.reads ? floorMillis.reads : floorMillis.writes
    kind.sum += millis
    kind.answers++
    this.ratios += millis / Math.max(Math.min(kind.baseline, millis), floor)
    this.answers++
    this.turn(now)
  }

  /** A request was given up at its deadline. */
  gaveUp(now: number): void {
    this.ratios += givenUp
    this.answers++
    this.turn(now)
  }

  private kindOf(traffic: Traffic): Kind {
    const known = this.kinds.get(traffic)
    if (known !== undefined) return known
    const kind: Kind = { baseline: Number.POSITIVE_INFINITY, sum: 0, answers: 0 }
    this.kinds.set(traffic, kind)
    return kind
  }

  private turn(now: number): void {
    if (now - this.startedAt < windowMillis || this.answers < fewestAnswers) return
    const ratio = this.ratios / this.answers
    const overloaded = ratio > tolerance
    if (overloaded) this.limit = Math.max(minimum, this.limit * Math.max(steepestFall, tolerance / ratio))
    else if (this.most >= this.limit * usedShare) this.limit = Math.min(maximum, this.limit + Math.sqrt(this.limit))
    for (const kind of this.kinds.values()) this.learn(kind, overloaded ? riseOverloaded : rise)
    this.startedAt = now
    this.answers = 0
    this.ratios = 0
    this.most = this.inFlight
  }

  private learn(kind: Kind, rise: number): void {
    if (kind.answers === 0) return
    const mean = kind.sum / kind.answers
    if (kind.baseline === Number.POSITIVE_INFINITY) kind.baseline = mean
    else kind.baseline += (mean - kind.baseline) * (mean < kind.baseline ? fall : rise)
    kind.sum = 0
    kind.answers = 0
  }
}
