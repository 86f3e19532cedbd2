/**
 * A simulated server: so many requests a second, first come first served, and a trigger that takes most of that away.
 *
 * It works on a request to the end whether or not its caller still waits, as servers do; that is what keeps an overload
 * alive after its cause has gone. `bounded` is the cure on the server's side: a short queue that drops callers who left.
 */
import { Effect } from "effect"
import { TransientFailure } from "../../../src/resilience/index.ts"
import type { World } from "./World.ts"

export const perSecond = 1000
/** The share of it that the trigger leaves, and when it does. */
export const trigger = { share: 0.2, fromMillis: 15_000, toMillis: 25_000 } as const
export const tickMillis = 10
/** Half a second of work: longer, and an answer would come too late anyway. */
const boundedTo = perSecond / 2

const overloaded = new TransientFailure({ reason: "overloaded", sent: "no" })
const timedOut = new TransientFailure({ reason: "timeout", sent: "maybe" })

interface Request {
  /** Undefined: its caller has left. The request stays, as it does in a real server's queue; the caller must not. */
  resume: ((answer: Effect.Effect<void, TransientFailure>) => void) | undefined
}

export class Server {
  private queue: Array<Request> = []
  private head = 0
  private allowance = 0
  private readonly world: World
  private readonly bounded: boolean
  /** Requests that have reached the server. */
  arrivals = 0

  constructor(world: World, bounded: boolean) {
    this.world = world
    this.bounded = bounded
  }

  get waiting(): number {
    return this.queue.length - this.head
  }

  readonly handle: Effect.Effect<void, TransientFailure> = Effect.callback((resume) => {
    const request = this.take(resume)
    return request && Effect.sync(() => void (request.resume = undefined))
  })

  /** The same for a caller who leaves after so long: one register and no fibers, as there are millions of them. */
  readonly handleWithin = (millis: number): Effect.Effect<void, TransientFailure> =>
    Effect.callback((resume) => {
      const leaves = this.world.at(this.world.now + millis, () => {
        if (request !== undefined) request.resume = undefined
        resume(Effect.fail(timedOut))
      })
      const request = this.take((answer) => {
        leaves.ring = undefined
        resume(answer)
      })
    })

  private take(resume: NonNullable<Request["resume"]>): Request | undefined {
    this.arrivals++
    if (this.bounded && this.waiting >= boundedTo) {
      resume(Effect.fail(overloaded))
      return undefined
    }
    const request: Request = { resume }
    this.queue.push(request)
    return request
  }

  /** What it gets done in one tick. */
  tick(): void {
    const atMillis = this.world.now
    const triggered = atMillis >= trigger.fromMillis && atMillis < trigger.toMillis
    this.allowance += (perSecond * tickMillis * (triggered ? trigger.share : 1)) / 1000
    while (this.allowance >= 1 && this.waiting > 0) {
      const request = this.queue[this.head++]!
      if (this.bounded && request.resume === undefined) continue
      this.allowance--
      request.resume?.(Effect.void)
    }
    if (this.waiting === 0) this.allowance = Math.min(1, this.allowance)
    if (this.head < 10_000) return
    this.queue = this.queue.slice(this.head)
    this.head = 0
  }
}
