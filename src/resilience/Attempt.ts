/**
 * One attempt: a fiber of its own, its permit, and its timeout, which is the Timer that it is itself.
 *
 * It is over when its flight has been told; it has ended when its fiber has. Between the two it is abandoned: it still holds
 * its permit, because the dependency still has its work, and it belongs to the Dependency's scope.
 */
import { Context, Effect, type Exit, type Fiber } from "effect"
import type { Verdict } from "./Circuit.ts"
import { type AttemptInfo, CurrentAttempt } from "./CurrentAttempt.ts"
import { DependencyUnavailable, TransientFailure } from "./errors.ts"
import { WriteKey } from "./keys.ts"
import type { IdempotencyKey } from "./keys.ts"
import { attemptTimeout, type Caller, type Machine } from "./Machine.ts"
import { Timer } from "./Timers.ts"

/** The call that an attempt belongs to. */
export interface AttemptOwner extends Caller {
  readonly machine: Machine
  readonly ends: number
  readonly callerId: number
  readonly now: () => number
  /** Told once, unless the attempt was cancelled. `exit` is undefined when the timeout came first. */
  readonly answered: (
    attempt: Attempt,
    exit: Exit.Exit<unknown, unknown> | undefined,
    failure: TransientFailure | undefined,
    now: number
  ) => void
}

const timedOut = new TransientFailure({ reason: attemptTimeout, sent: "maybe" })

export class Attempt extends Timer implements AttemptInfo {
  private readonly owner: AttemptOwner
  private child: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private over = false
  readonly number: number
  readonly startedAt: number
  readonly born: number

  constructor(owner: AttemptOwner, number: number, startedAt: number) {
    super()
    this.owner = owner
    this.number = number
    this.startedAt = startedAt
    this.born = owner.machine.enter(startedAt, owner)
  }

  get deadlineNanos(): bigint {
    return BigInt(Math.round(this.owner.ends * 1e6))
  }

  run(effect: Effect.Effect<unknown, unknown>, key: IdempotencyKey | undefined): void {
    const { owner } = this
    const { machine } = owner
    let context = Context.add(owner.context, CurrentAttempt, this)
    if (key !== undefined) context = Context.add(context, WriteKey, key)
    const child = Effect.runForkWith(context)(
      machine.chaos === undefined ? effect : this.disturbed(effect, machine.chaos)
    )
    const exit = child.pollUnsafe()
    this.child = child
    if (this.over) return this.cancelledAtStart(child)
    if (exit !== undefined) return this.ended(exit)
    machine.timers(owner).attempts.add(this, Math.min(this.startedAt + machine.settings.attemptMs, owner.ends))
    child.addObserver((exit) => this.ended(exit))
  }

  /** Its own first steps brought its cancellation about: nobody could interrupt a fiber that was not known yet. */
  private cancelledAtStart(child: Fiber.Fiber<unknown, unknown>): void {
    this.owner.machine.abandoned.add(child)
    child.addObserver((exit) => this.ended(exit))
    child.interruptUnsafe(this.owner.callerId)
  }

  private disturbed(effect: Effect.Effect<unknown, unknown>, chaos: NonNullable<Machine["chaos"]>) {
    const { machine } = this.owner
    return chaos.around(machine.name, effect, (kind) => machine.disturbed(kind))
  }

  private ended(exit: Exit.Exit<unknown, unknown>): void {
    const { owner } = this
    const { machine } = owner
    const now = owner.now()
    if (this.over) {
      if (this.child !== undefined) machine.abandoned.delete(this.child)
      return machine.leave(now)
    }
    this.over = true
    machine.timers(owner).attempts.remove(this)
    const failure = transientOf(exit)
    machine.settle(now, this, verdictOf(exit, failure), failure, owner)
    machine.leave(now)
    owner.answered(this, exit, failure, now)
  }

  /** Its time is up. */
  ring(now: number): void {
    const { owner } = this
    const { machine } = owner
    if (this.over) return
    machine.counters.timeouts++
    machine.journal.publish({ event: "OnTimeout", attempt: this.number })
    this.giveUp(now, "failure", timedOut)
    owner.answered(this, undefined, timedOut, now)
  }

  /** Nobody wants its answer any more; it says nothing about the dependency. Gives the fiber that is ending. */
  cancel(now: number): Fiber.Fiber<unknown, unknown> | undefined {
    this.giveUp(now, "nothing", undefined)
    return this.child
  }

  /** The circuit hears of it now; the permit comes back when the fiber has ended. */
  private giveUp(now: number, verdict: Verdict, failure: TransientFailure | undefined): void {
    const { child, owner } = this
    const { machine } = owner
    this.over = true
    machine.timers(owner).attempts.remove(this)
    machine.settle(now, this, verdict, failure, owner)
    if (child === undefined) return
    machine.abandoned.add(child)
    child.interruptUnsafe(owner.callerId)
  }
}

const transientOf = (exit: Exit.Exit<unknown, unknown>): TransientFailure | undefined => {
  if (exit._tag === "Success") return undefined
  for (const reason of exit.cause.reasons) {
    if (reason._tag === "Fail") return reason.error instanceof TransientFailure ? reason.error : undefined
  }
  return undefined
}

/** A domain answer is a success of the dependency. Interrupts, defects, and what another dependency lacks say nothing. */
const verdictOf = (exit: Exit.Exit<unknown, unknown>, failure: TransientFailure | undefined): Verdict => {
  if (exit._tag === "Success") return "success"
  if (failure !== undefined) return "failure"
  for (const reason of exit.cause.reasons) {
    if (reason._tag === "Fail") return reason.error instanceof DependencyUnavailable ? "nothing" : "success"
  }
  return "nothing"
}
