/**
 * How many requests are worked on at once: as many as the node serves without keeping them waiting inside.
 *
 * Every tenth of a second the answers since are compared with what such requests take when nothing is in the way (their
 * baseline, learned). Slower than one and a half times that: the limit falls, in proportion, by six tenths at most. As
 * quick as that, and at least half of the limit in use: it grows by its square root. So it follows what the machine, the
 * database and its neighbours bear at the moment, and needs no figure for any of them.
 *
 * Kinds of request have baselines of their own: an order takes longer than a page, and that is no overload. The kind that
 * is slowed down most decides: a hundred pages from memory do not make up for an order that waits for all of them.
 */
import type { Traffic } from "./traffic.ts"

/** Before anything is known: a few per core of a small machine. */
const initial = 32
/**
 * While the event loop has time to spare, twice the database's pool: while the statements of some run, others are read and
 * answered; with fewer, places are idle. While it has none, whoever is let in on top only makes all of them wait for it,
 * and an order waits ten times.
 */
const minimum = { spare: 20, busy: 5 }
/**
 * How slow they are is known when they are answered, and those who came first in a crowd would all be in by then. What is
 * too little is healed soon: four windows later it is more than twice as much.
 */
const mostAsACrowdBegins = 10
/** Each costs memory (about 20 KB) and a place in the event loop's turn. */
const maximum = 256
const windowMillis = 100
/** Of fewer answers, in all and of a kind, a mean says little; then the window goes on, for all or for that kind. */
const fewestAnswers = { inAll: 10, ofAKind: 5 }
/** What is asked for less often than that in a window is remembered for so long: until then, the limit does not grow. */
const rememberedMillis = 1_000
/** Half as much again: one begins to wait for another, or the machine is busy with something else. */
const tolerance = 1.5
const steepestFall = 0.4
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
  /** How many times as slow as its baseline each was, added up, of the answers and of what was given up. */
  ratios: number
  ended: number
  /** Their mean, and when it was last taken. */
  ratio: number
  judgedAt: number
}

export class AdmissionLimit {
  private limit = initial
  private readonly kinds = new Map<Traffic, Kind>()
  private startedAt: number
  private ended = 0
  private most = 0
  inFlight = 0
  private orders = 0

  private readonly loopIsFull: () => boolean

  constructor(now: number, loopIsFull: () => boolean) {
    this.startedAt = now
    this.loopIsFull = loopIsFull
  }

  /** In whole requests. */
  get current(): number {
    return Math.floor(this.limit)
  }

  /** Somebody is sent away while the event loop is full, and nobody was for a while. */
  crowdBegins(): void {
    this.limit = Math.min(this.limit, mostAsACrowdBegins)
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
    this.ends(kind, millis / Math.max(Math.min(kind.baseline, millis), floor), now)
  }

  /** A request was given up at its deadline. */
  gaveUp(traffic: Traffic, now: number): void {
    this.ends(this.kindOf(traffic), givenUp, now)
  }

  private ends(kind: Kind, ratio: number, now: number): void {
    kind.ratios += ratio
    kind.ended++
    this.ended++
    if (now - this.startedAt >= windowMillis && this.ended >= fewestAnswers.inAll) this.turn(now)
  }

  private kindOf(traffic: Traffic): Kind {
    const known = this.kinds.get(traffic)
    if (known !== undefined) return known
    const kind: Kind = {
      baseline: Number.POSITIVE_INFINITY,
      sum: 0,
      answers: 0,
      ratios: 0,
      ended: 0,
      ratio: 0,
      judgedAt: Number.NEGATIVE_INFINITY
    }
    this.kinds.set(traffic, kind)
    return kind
  }

  private turn(now: number): void {
    let [judged, remembered] = [0, 0]
    for (const kind of this.kinds.values()) {
      if (kind.ended >= fewestAnswers.ofAKind) {
        kind.ratio = kind.ratios / kind.ended
        kind.judgedAt = now
        judged = Math.max(judged, kind.ratio)
      } else if (now - kind.judgedAt < rememberedMillis) remembered = Math.max(remembered, kind.ratio)
    }
    if (judged === 0) return
    const overloaded = judged > tolerance
    const least = this.loopIsFull() ? minimum.busy : minimum.spare
    if (overloaded) this.limit = Math.max(least, this.limit * Math.max(steepestFall, tolerance / judged))
    else if (remembered <= tolerance && this.most >= this.limit * usedShare)
      this.limit = Math.min(maximum, this.limit + Math.sqrt(this.limit))
    const rises = overloaded || remembered > tolerance ? riseOverloaded : rise
    for (const kind of this.kinds.values()) if (kind.judgedAt === now) this.learn(kind, rises)
    this.startedAt = now
    this.ended = 0
    this.most = this.inFlight
  }

  private learn(kind: Kind, rise: number): void {
    if (kind.answers > 0) {
      const mean = kind.sum / kind.answers
      if (kind.baseline === Number.POSITIVE_INFINITY) kind.baseline = mean
      else kind.baseline += (mean - kind.baseline) * (mean < kind.baseline ? fall : rise)
    }
    kind.sum = 0
    kind.answers = 0
    kind.ratios = 0
    kind.ended = 0
  }
}
