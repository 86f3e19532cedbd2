/** What the spool and its thread say to each other. A message is answered after what it wrote is on the disk. */
import type { EntryRow } from "./entryText.ts"
import type { Held, PutRow } from "./spoolFile.ts"
import type { SpoolLimits } from "./spoolLimits.ts"

export interface ThreadOptions {
  readonly folder: string
  readonly limits: SpoolLimits
}

export type Ask =
  | { readonly _tag: "Put"; readonly row: EntryRow; readonly bytes: number }
  | { readonly _tag: "Find"; readonly id: string }
  | { readonly _tag: "Oldest"; readonly limit: number }
  | { readonly _tag: "Remove"; readonly id: string }
  /** Writes something, reads all, and adopts what dead processes have left. */
  | { readonly _tag: "Look" }
export type Asked = Ask & { readonly seq: number }

export interface Looked {
  /** Entries that were taken over. */
  readonly adopted: number
  /** Files of dead processes that are damaged. */
  readonly corrupt: ReadonlyArray<string>
}

/** What is answered to each. */
export interface AnswerTo {
  readonly Put: PutRow
  readonly Find: EntryRow | undefined
  readonly Oldest: ReadonlyArray<EntryRow>
  readonly Remove: undefined
  readonly Look: Looked
}

export type ThreadFailure = "disk_full" | "disk_failed" | "corrupt"

export type FromThread =
  | { readonly _tag: "Opened"; readonly file: string; readonly held: Held; readonly looked: Looked }
  | { readonly _tag: "Refused"; readonly reason: "corrupt" | "unwritable" | "crowded"; readonly file: string }
  | { readonly _tag: "Answer"; readonly seq: number; readonly value: AnswerTo[Ask["_tag"]]; readonly held: Held }
  | { readonly _tag: "Failed"; readonly seq: number; readonly reason: ThreadFailure }
