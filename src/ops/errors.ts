/** How a node says that it is not ready. The checks say which part is not; nothing says why. */
import { Schema } from "effect"

export const Checks = Schema.Record(
  Schema.String,
  Schema.Struct({ status: Schema.Literals(["ok", "warn", "fail"]), since_seconds: Schema.optionalKey(Schema.Int) })
)

export class NodeNotReady extends Schema.TaggedError<NodeNotReady>()("NodeNotReady", { checks: Checks }) {
  readonly category = "transient" as const
  override get message() {
    return "This node cannot serve at the moment: ask another, or this one again."
  }
}

export class SwitchTargetUnknown extends Schema.TaggedError<SwitchTargetUnknown>()("SwitchTargetUnknown", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "Nothing of this name can be switched: the list of kill switches has all that can."
  }
}

export class NodeDraining extends Schema.TaggedError<NodeDraining>()("NodeDraining", { checks: Checks }) {
  readonly category = "transient" as const
  override get message() {
    return "This node is shutting down: ask another."
  }
}

export class NothingKnown extends Schema.TaggedError<NothingKnown>()("NothingKnown", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "Nothing is known of this id. A request that was answered without storing anything is only in the log."
  }
}
