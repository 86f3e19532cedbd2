/**
 * Why a sandbox could not start or go on. All are fatal for the sandbox's own process; for the app that supervises it,
 * only the first start is: later ones are repeated.
 */
import { Runtime, Schema } from "effect"

/** Another sandbox owns the folder and did not let go of it within the wait. */
export class SandboxFolderInUse extends Schema.TaggedError<SandboxFolderInUse>()("SandboxFolderInUse", {}) {
  readonly category = "fatal" as const
  override get message() {
    return "Another sandbox is using this folder: stop it, or give this one a folder of its own."
  }
}

/** A line before the last one cannot be read: the file was edited, or the disk lost something. */
export class JournalDamaged extends Schema.TaggedError<JournalDamaged>()("JournalDamaged", { line: Schema.Int }) {
  readonly category = "fatal" as const
  override get message() {
    return `Line ${this.line} of the sandbox's journal cannot be read: repair the file, or move it away to begin anew.`
  }
}

/** The disk refused a write: nothing more may be promised. */
export class JournalUnwritable extends Schema.TaggedError<JournalUnwritable>()("JournalUnwritable", {
  cause: Schema.Defect()
}) {
  readonly category = "fatal" as const
  override get message() {
    return "The sandbox's journal cannot be written: see that its folder has space and belongs to this user."
  }
}

/** The sandbox's process ended, or said nothing, before it was ready. */
export class SandboxNotStarted extends Schema.TaggedError<SandboxNotStarted>()("SandboxNotStarted", {
  reason: Schema.Literals(["exited", "silent", "not_spawned"]),
  exitCode: Schema.NullOr(Schema.Int)
}) {
  readonly category = "fatal" as const
  /** EX_UNAVAILABLE of sysexits, as for an address or a database that cannot be had. */
  override readonly [Runtime.errorExitCode] = 69
  override get message() {
    return "The sandbox's process did not become ready: see whether its port is free, or give it another with SANDBOX_PORT."
  }
}
