/**
 * What waits to be sent to the collector: bounded in entries and in bytes, in the order in which it came.
 *
 * When it is full, what comes is not taken: what has waited longest tells how an outage began. Where the newest says it
 * all, the oldest is forgotten for it instead. Everything that is not taken, forgotten, or not wanted by the collector, is
 * counted.
 */

export interface OutboxLimits {
  readonly entries: number
  readonly bytes: number
  readonly batchEntries: number
  readonly batchBytes: number
  /** What stays when it is full. */
  readonly keeps: "oldest" | "newest"
}

/** Half a minute of a busy node's traces, and far less memory than the shop's own. Collectors take 4 MB at once. */
export const outboxLimits: OutboxLimits = {
  entries: 20_000,
  bytes: 8 * 1024 * 1024,
  batchEntries: 1_000,
  batchBytes: 1024 * 1024,
  keeps: "oldest"
}

/** Bytes of a string that is mostly ASCII, as these are: counting them exactly costs more than they do. */
const bytesOf = (encoded: string) => encoded.length

export class Outbox {
  private readonly waiting: Array<string> = []
  private readonly limits: OutboxLimits
  bytes = 0
  exported = 0
  readonly dropped = { full: 0, refused: 0, shutdown: 0 }

  constructor(limits: OutboxLimits) {
    this.limits = limits
  }

  get entries(): number {
    return this.waiting.length
  }

  /** Asked before anything is encoded, so that an outage costs nothing but a number. */
  hasRoom(): boolean {
    while (this.waiting.length >= this.limits.entries || this.bytes >= this.limits.bytes) {
      this.dropped.full += 1
      if (this.limits.keeps === "oldest") return false
      this.forget(1)
    }
    return true
  }

  put(encoded: string): void {
    this.waiting.push(encoded)
    this.bytes += bytesOf(encoded)
  }

  /** The oldest ones, which stay until it is said what became of them. */
  next(): ReadonlyArray<string> {
    let [count, bytes] = [0, 0]
    while (count < this.waiting.length && count < this.limits.batchEntries) {
      bytes += bytesOf(this.waiting[count] ?? "")
      if (count > 0 && bytes > this.limits.batchBytes) break
      count += 1
    }
    return this.waiting.slice(0, count)
  }

  /** So many that `next` gave are over. One that was forgotten meanwhile takes the next oldest with it. */
  settle(count: number, as: "exported" | "refused"): void {
    this.forget(count)
    if (as === "exported") this.exported += count
    else this.dropped.refused += count
  }

  private forget(count: number): void {
    for (const gone of this.waiting.splice(0, count)) this.bytes -= bytesOf(gone)
  }

  /** Nobody sends any more. */
  close(): void {
    this.dropped.shutdown += this.waiting.length
    this.waiting.length = 0
    this.bytes = 0
  }
}
