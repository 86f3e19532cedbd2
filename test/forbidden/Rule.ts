/**
 * One thing that the code may not do: where it is looked for, how it is found, and examples of both sides. The examples
 * are tests: a rule that stops catching its `catches`, or begins to catch its `allows`, fails.
 */
import type { Node, Source } from "./syntax.ts"

/** A made-up file: its path decides which rules look at it. */
export type Example = readonly [path: string, code: string]

export interface Rule {
  readonly name: string
  /** What to do instead; shown when the rule is broken. */
  readonly instead: string
  readonly looksAt: (path: string) => boolean
  readonly find: (source: Source) => ReadonlyArray<Node>
  readonly catches: ReadonlyArray<Example>
  readonly allows: ReadonlyArray<Example>
}

export const inSource = (path: string): boolean => path.startsWith("src/")
export const inTests = (path: string): boolean => path.startsWith("test/")
/** In `src`, outside of these folders and files. */
export const inSourceBut =
  (...but: ReadonlyArray<string>) =>
  (path: string): boolean =>
    inSource(path) && !but.some((prefix) => path.startsWith(`src/${prefix}`))
