/**
 * What one node knows of the operators' orders: those it saw stored last, and over them its own changes that are not.
 *
 * Ends are kept on this node's clock, so that they come while the database is away too; each time the database is read
 * they are set right by its clock. Nothing here waits and nothing here is an effect.
 */
import type { Override } from "../resilience/index.ts"
import type { SwitchChange, SwitchRow } from "./switchRows.ts"

/** A change that was made here. It counts over what was read until it is stored and has been read back. */
export interface OwnChange extends SwitchChange {
  readonly override: Override
  /** Monotonic milliseconds: what its age is counted from. */
  readonly madeAt: number
  stored: boolean
}

/** An operator flips one switch at a time; more than this are a script's, and then only the last of each counts. */
const mostUnstored = 200
/** Ends that differ by less are the same end, read at two moments. */
const sameEndMillis = 1_000

const sameSwitch = (one: Pick<Override, "target" | "kind">, other: Pick<Override, "target" | "kind">): boolean =>
  one.target === other.target && one.kind === other.kind

export class SwitchLedger {
  private seen: ReadonlyArray<{ readonly version: number; readonly override: Override }> = []
  private own: ReadonlyArray<OwnChange> = []

  /** What the database has in force, read at this wall clock time of this node. */
  saw(rows: ReadonlyArray<SwitchRow>, wallMillis: number): void {
    this.seen = rows.map((row) => ({ version: row.version, override: this.overrideOf(row, wallMillis) }))
    this.own = this.own.filter(({ stored }) => !stored)
  }

  private overrideOf(row: SwitchRow, wallMillis: number): Override {
    const { actor, kind, reason, target } = row
    const known = this.seen.find(({ override, version }) => version === row.version && sameSwitch(override, row))
    const until = row.leftMillis === null ? undefined : wallMillis + row.leftMillis
    if (known !== undefined && Math.abs((known.override.until ?? 0) - (until ?? 0)) < sameEndMillis) {
      return known.override
    }
    return { target, kind, actor, reason, since: row.sinceMillis, until, persisted: true }
  }

  made(change: OwnChange): void {
    this.own = [...this.own, change]
    if (this.own.length > mostUnstored) this.own = this.own.filter((one, index) => this.isLast(one, index))
  }

  /** In the order in which they were made. */
  get unstored(): ReadonlyArray<OwnChange> {
    return this.own.filter(({ stored }) => !stored)
  }

  /** What is in force on this node. */
  get orders(): ReadonlyArray<Override> {
    const last = this.own.filter((one, index) => this.isLast(one, index))
    const others = this.seen.map(({ override }) => override)
    return [
      ...others.filter((override) => !last.some((change) => sameSwitch(change, override))),
      ...last.flatMap(({ change, override, stored }) =>
        change === "set" ? [stored ? { ...override, persisted: true } : override] : []
      )
    ]
  }

  private isLast(change: OwnChange, index: number): boolean {
    return !this.own.slice(index + 1).some((later) => sameSwitch(later, change))
  }
}
