/**
 * The gate of `Admission`, without a fiber: who is inside, who waits, and each request's pass.
 *
 * Plain calls, because most of those who come to a node that is flooded are sent away, and nothing may be spent on them.
 */
import type { Clock, Scheduler } from "effect"
import { monotonicMillis, type Priority, Timer, Timers, type Waiter, WaitingLine } from "../resilience/index.ts"
import type { AdmissionCounts } from "./admissionReport.ts"
import { AdmissionLimit } from "./AdmissionLimit.ts"
import type { Traffic } from "./traffic.ts"

/** A burst of so many is over within the wait; more than that would be refused after it anyway. */
const lineLength = 32
/** A burst is over by then: who has waited longer is served no more quickly than who comes anew. */
const burstMillis = { critical: 60, default: 50, sheddable: 50 }
/**
 * Of a line from which somebody was sent away lately: that is no burst, and whoever waits in it only comes later. It is
 * kept as short as still finds somebody for each place that is given back (controlled delay, as CoDel has it for packets).
 */
const standingMillis = 10
/** As many places as come free in that time, at most; who finds none is told at once, which is all that he would learn. */
const standingLength = 4
const latelyMillis = 1_000
/** A 503 that took longer has waited for something in vain: for a place in the database's pool, most likely. */
const quickMillis = 100

type Way = "in" | "away"

/** One request's way in. */
export class Pass extends Timer implements Waiter {
  readonly priority: Waiter["priority"]
  /** Whether it was let in; it stays so, unless it steps out. */
  isIn = false
  readonly traffic: Traffic
  private readonly gate: AdmissionGate
  private decide: ((way: Way) => void) | undefined = undefined
  /** Negative while it takes no room. */
  private enteredAt = -1

  constructor(gate: AdmissionGate, traffic: Traffic, priority: Waiter["priority"]) {
    super()
    this.gate = gate
    this.traffic = traffic
    this.priority = priority
  }

  /** Whether it finds neither room nor a place in the line. A critical one may still take that of another. */
  get isHopeless(): boolean {
    return this.gate.isHopeless(this.traffic, this.priority)
  }

  /** In at once; false when there is no room. */
  enters(): boolean {
    if (!this.gate.limit.hasRoom(this.traffic)) return false
    this.enter()
    return true
  }

  /** Says how it was decided, now or after a moment in the line; never if it leaves before. */
  ask(decide: (way: Way) => void): void {
    if (this.enters()) decide("in")
    else if (this.gate.joins(this)) this.decide = decide
    else this.sendAway(decide)
  }

  /** From the line. */
  admitted(): void {
    this.gate.timers.remove(this)
    this.enter()
    this.decide?.("in")
  }

  evicted(): void {
    this.gate.timers.remove(this)
    this.sendAway(this.decide)
  }

  ring(): void {
    this.gate.line.leave(this)
    this.sendAway(this.decide)
  }

  /** Its work is over, or it only waits from here on; what it says of the node is in `outcome`. Any number of times. */
  leave(outcome: "answered" | "gave up" | "came to nothing" | "nothing"): void {
    const { limit, line, timers } = this.gate
    if (!this.isIn) {
      line.leave(this)
      timers.remove(this)
      return
    }
    if (this.enteredAt < 0) return
    const now = this.gate.now()
    const took = now - this.enteredAt
    this.enteredAt = -1
    if (outcome === "answered") limit.answered(this.traffic, took, now)
    else if (outcome === "gave up" || (outcome === "came to nothing" && took > quickMillis))
      limit.gaveUp(this.traffic, now)
    this.gate.hasLeft(this.traffic)
  }

  /** Waits for something else before its work begins: its room is free until it asks again. */
  stepOut(): void {
    this.leave("nothing")
    this.isIn = false
  }

  private enter(): void {
    this.isIn = true
    if (this.traffic.hashes) return
    this.enteredAt = this.gate.now()
    this.gate.limit.enter(this.traffic)
  }

  private sendAway(decide: ((way: Way) => void) | undefined): void {
    this.gate.sentAway(this.priority)
    decide?.("away")
  }
}

export class AdmissionGate {
  readonly limit: AdmissionLimit
  readonly line = new WaitingLine<Pass>()
  readonly timers: Timers
  readonly refused: AdmissionCounts = { critical: 0, default: 0, sheddable: 0 }
  private readonly clock: Clock.Clock
  private readonly nextTurn: Scheduler.SchedulerDispatcher
  private readonly left: Array<Traffic> = []
  private readonly loopIsFull: () => boolean
  /** A crowd is new, and the event loop has not been full since. */
  private isBeginning = false
  /** When one that had waited, or would have, was last sent away. */
  private readonly sentAwayAt = { critical: Number.NEGATIVE_INFINITY, default: Number.NEGATIVE_INFINITY }

  constructor(clock: Clock.Clock, scheduler: Scheduler.Scheduler, loopIsFull: () => boolean) {
    this.clock = clock
    this.timers = new Timers(clock, scheduler)
    this.nextTurn = scheduler.makeDispatcher()
    this.loopIsFull = loopIsFull
    this.limit = new AdmissionLimit(this.now(), loopIsFull)
  }

  /** Whether somebody who would have waited was sent away lately. */
  isCrowded(): boolean {
    return this.isStanding("critical") || this.isStanding("default")
  }

  now(): number {
    return monotonicMillis(this.clock)
  }

  /**
   * In a crowd a place is free from the event loop's next turn on: as many as the limit says are begun in a turn, however
   * quickly they are answered, or pages from memory would make it so long that all others wait for it.
   */
  hasLeft(traffic: Traffic): void {
    if (!this.isCrowded()) {
      this.limit.leave(traffic)
      this.letIn()
      return
    }
    if (this.left.push(traffic) > 1) return
    this.nextTurn.scheduleTask(() => {
      for (const each of this.left.splice(0)) this.limit.leave(each)
      this.letIn()
    }, 0)
  }

  /** The place that somebody left belongs to who waits. */
  private letIn(): void {
    while (this.line.size > 0 && this.limit.inFlight < this.limit.current) {
      const next = this.line.next(({ traffic }) => this.limit.hasRoom(traffic))
      if (next === undefined) return
      next.admitted()
    }
  }

  /** Whether there is neither room nor a place in the line. A critical one may still take that of another. */
  isHopeless(traffic: Traffic, priority: Priority): boolean {
    return !this.limit.hasRoom(traffic) && !this.line.hasPlace(priority, this.lengthFor(priority))
  }

  /** Whether it may wait; if so it does. */
  joins(pass: Pass): boolean {
    const { priority } = pass
    if (!this.line.join(pass, this.lengthFor(priority))) return false
    const wait = priority !== "sheddable" && this.isStanding(priority) ? standingMillis : burstMillis[priority]
    this.timers.add(pass, this.now() + wait)
    return true
  }

  sentAway(priority: Priority): void {
    this.refused[priority]++
    if (priority === "sheddable") return
    if (!this.isCrowded()) this.isBeginning = true
    if (this.isBeginning && this.loopIsFull()) {
      this.isBeginning = false
      this.limit.crowdBegins()
    }
    this.sentAwayAt[priority] = this.now()
  }

  /** A line is standing for orders only when orders are sent away: others leave it for them, and they may wait. */
  private isStanding(priority: "critical" | "default"): boolean {
    return this.now() - this.sentAwayAt[priority] < latelyMillis
  }

  private lengthFor(priority: Priority): number {
    return priority === "default" && this.isStanding("default") ? standingLength : lineLength
  }
}
