/**
 * Why a command of an operator was not done, in words for a terminal, and with which code it ends: 1 the node refused it,
 * 64 it was not said right, 69 no node answers.
 */
import { Runtime, Schema } from "effect"
import { CliError } from "effect/cli"

/** The node refused it; its own words say why. */
export class OpsRefused extends Schema.TaggedError<OpsRefused>()("OpsRefused", {
  status: Schema.Int,
  code: Schema.String,
  detail: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    const todo = this.status === 401 ? " Set OPS_TOKEN to a token that this node knows." : ""
    return `${this.detail} (${this.code}, ${this.status})${todo}`
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class OpsUnreachable extends Schema.TaggedError<OpsUnreachable>()("OpsUnreachable", { url: Schema.String }) {
  readonly category = "transient" as const
  override readonly [Runtime.errorExitCode] = 69
  override get message() {
    return `No node answers at ${this.url}: check that one runs (npm start), and set OPS_URL to its operators' port.`
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class OpsTokenMissing extends Schema.TaggedError<OpsTokenMissing>()("OpsTokenMissing", {}) {
  readonly category = "permanent" as const
  override readonly [Runtime.errorExitCode] = 64
  override get message() {
    return "OPS_TOKEN is not set, and no token was made in DATA_DIR: set OPS_TOKEN to an operator's token."
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class DurationUnreadable extends Schema.TaggedError<DurationUnreadable>()("DurationUnreadable", {}) {
  readonly category = "permanent" as const
  override readonly [Runtime.errorExitCode] = 64
  override get message() {
    return 'This is not a length of time: write a number and a unit, such as "30 minutes" or "2 hours".'
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class LogUnreadable extends Schema.TaggedError<LogUnreadable>()("LogUnreadable", { path: Schema.String }) {
  readonly category = "permanent" as const
  override readonly [Runtime.errorExitCode] = 64
  override get message() {
    return `The log file cannot be read: ${this.path}`
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class FileUnreadable extends Schema.TaggedError<FileUnreadable>()("FileUnreadable", { path: Schema.String }) {
  readonly category = "permanent" as const
  override readonly [Runtime.errorExitCode] = 64
  override get message() {
    return `This file is no list of products in JSON, or cannot be read: ${this.path}`
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

/** Nobody means all of them by saying nothing. */
export class LettersUnnamed extends Schema.TaggedError<LettersUnnamed>()("LettersUnnamed", {}) {
  readonly category = "permanent" as const
  override readonly [Runtime.errorExitCode] = 64
  override get message() {
    return "Say which: an id, a filter (--queue, --code, …), or --all."
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

/** The command line could not be read; what was wrong with it has been told. */
export class UsageWrong extends Schema.TaggedError<UsageWrong>()("UsageWrong", {}) {
  readonly category = "permanent" as const
  override readonly [Runtime.errorExitCode] = 64
  override readonly [Runtime.errorReported] = false
}

export class InvariantBroken extends Schema.TaggedError<InvariantBroken>()("InvariantBroken", {
  names: Schema.Array(Schema.String)
}) {
  readonly category = "fatal" as const
  override get message() {
    return `What must never be is: ${this.names.join(", ")}. docs/runbook.md says what to look at.`
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}
