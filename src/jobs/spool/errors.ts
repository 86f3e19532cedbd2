/**
 * How the spool says no, what can be wrong with its folder, and what becomes of what it took.
 *
 * `SpoolFull` and `SpoolUnavailable` do not reach a caller: whoever asked is told what made the spool necessary, that
 * the database is away.
 */
import { Runtime, Schema } from "effect"

export class SpoolFull extends Schema.TaggedError<SpoolFull>()("SpoolFull", {
  limit: Schema.Literals(["entries", "bytes", "account"])
}) {
  readonly category = "transient" as const
  override get message() {
    return "The spool takes no more: what is in it has to be handed over first."
  }
}

export class SpoolUnavailable extends Schema.TaggedError<SpoolUnavailable>()("SpoolUnavailable", {
  reason: Schema.Literals(["disk_full", "disk_failed", "corrupt", "stopped", "no_answer"])
}) {
  readonly category = "transient" as const
  override get message() {
    return "The spool's file cannot be written or read: look at the disk that SPOOL_DIR is on."
  }
}

export class DeferredNotFound extends Schema.TaggedError<DeferredNotFound>()("DeferredNotFound", {
  deferredId: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    return "There is no such deferred request: check the id, and whose it is."
  }
}

/** The id is one that some node gave out: that node may be away, or still be handing over. */
export class DeferredElsewhere extends Schema.TaggedError<DeferredElsewhere>()("DeferredElsewhere", {
  deferredId: Schema.String
}) {
  readonly category = "transient" as const
  override get message() {
    return "This request was taken, and its outcome cannot be seen from here yet: ask again in a moment."
  }
}

export class DeferredExpired extends Schema.TaggedError<DeferredExpired>()("DeferredExpired", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "It could not be applied in the time for which it was taken, and was dropped: nothing was ordered or charged. Hand it in again."
  }
}

/** What a fault of ours kept from being decided, and an operator gave up. */
export class DeferredDiscarded extends Schema.TaggedError<DeferredDiscarded>()("DeferredDiscarded", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "It could not be decided because of a fault of ours, and was given up: nothing was ordered or charged. Hand it in again."
  }
}

const exitFailed = 70
const exitConfiguration = 78

/** The node does not start, or ends. */
export class SpoolRefused extends Schema.TaggedError<SpoolRefused>()("SpoolRefused", {
  reason: Schema.Literals(["corrupt", "unwritable", "crowded"]),
  /** The file's name, without its folder. */
  file: Schema.String
}) {
  readonly category = "fatal" as const
  override readonly [Runtime.errorExitCode] = this.reason === "corrupt" ? exitFailed : exitConfiguration
  override get message() {
    return {
      corrupt: `${this.file} in SPOOL_DIR fails its integrity check: it may hold what customers were promised. Move it away with its -wal file, keep both, then start again.`,
      unwritable: "The folder that SPOOL_DIR names cannot be written: correct SPOOL_DIR, or who may write there.",
      crowded: "SPOOL_DIR holds more files of the spool than one folder may have: give each node a folder of its own."
    }[this.reason]
  }
}
