/** What operators ask the queue for and it does not have. */
import { Schema } from "effect"

export class DeadLetterNotFound extends Schema.TaggedError<DeadLetterNotFound>()("DeadLetterNotFound", {
  letterId: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    return "There is no dead letter of this id: it was replayed, discarded and removed since, or it never was one."
  }
}

export class ReplayNotFound extends Schema.TaggedError<ReplayNotFound>()("ReplayNotFound", {
  replayId: Schema.String
}) {
  readonly category = "permanent" as const
  override get message() {
    return "There is no replay of this id: the answer that started it has the right one."
  }
}
