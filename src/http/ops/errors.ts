/** What the operators' port refuses. */
import { Schema } from "effect"

export class OperatorUnknown extends Schema.TaggedError<OperatorUnknown>()("OperatorUnknown", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "An operator's token is required here: send one that OPS_TOKENS names, as a bearer token."
  }
}
