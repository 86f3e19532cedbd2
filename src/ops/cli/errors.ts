/** Why a command of an operator was not done, in words for a terminal. */
import { Schema } from "effect"
import { CliError } from "effect/cli"

/** The node refused it; its own words say why. */
export class OpsRefused extends Schema.TaggedError<OpsRefused>()("OpsRefused", {
  status: Schema.Int,
  code: Schema.String,
  detail: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    return `${this.detail} (${this.code}, ${this.status})`
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class OpsUnreachable extends Schema.TaggedError<OpsUnreachable>()("OpsUnreachable", {}) {
  readonly category = "transient" as const
  override get message() {
    return "No node answers at OPS_URL: check that one runs, and that OPS_URL names its operators' port."
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class OpsTokenMissing extends Schema.TaggedError<OpsTokenMissing>()("OpsTokenMissing", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "OPS_TOKEN is not set, and no token was made in DATA_DIR: set OPS_TOKEN to an operator's token."
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class DurationUnreadable extends Schema.TaggedError<DurationUnreadable>()("DurationUnreadable", {}) {
  readonly category = "permanent" as const
  override get message() {
    return 'This is not a length of time: write a number and a unit, such as "30 minutes" or "2 hours".'
  }
  override get [CliError.userMessage]() {
    return this.message
  }
}

export class LogUnreadable extends Schema.TaggedError<LogUnreadable>()("LogUnreadable", { path: Schema.String }) {
  readonly category = "permanent" as const
  override get message() {
    return `The log file cannot be read: ${this.path}`
  }
  override get [CliError.userMessage]() {
    return this.message
  }
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
