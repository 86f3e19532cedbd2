/**
 * Events that wait to be sent: so many, first come first served. What does not fit is counted and gone.
 *
 * What was there first stays: an outage is told from its beginning. A batch that could not be sent comes back to the
 * front, as far as there is room.
 */
export class EventBuffer<A> {
  dropped = 0
  private readonly most: number
  private waiting: Array<A> = []

  constructor(most: number) {
    this.most = most
  }

  get size(): number {
    return this.waiting.length
  }

  offer(event: A): void {
    if (this.waiting.length < this.most) this.waiting.push(event)
    else this.dropped++
  }

  take(atMost: number): ReadonlyArray<A> {
    return this.waiting.splice(0, atMost)
  }

  giveBack(events: ReadonlyArray<A>): void {
    this.waiting = [...events, ...this.waiting]
    this.dropped += this.waiting.splice(this.most).length
  }
}
