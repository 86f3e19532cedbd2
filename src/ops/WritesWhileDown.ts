/**
 * Whether this node can take writes while the database is away. Optional: without it, it cannot.
 *
 * Provided by whoever keeps such writes; asked by health and by the shop front's status, from memory.
 */
import { Context, type Effect } from "effect"

export class WritesWhileDown extends Context.Service<WritesWhileDown, { readonly usable: Effect.Effect<boolean> }>()(
  "holdfast/ops/WritesWhileDown"
) {}
