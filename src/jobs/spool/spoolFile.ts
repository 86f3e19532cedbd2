/**
 * The spool's file: SQLite in WAL mode, every commit synced to the disk, readable by its owner only.
 *
 * Whoever has it open owns it: an exclusive lock, which the operating system drops with the process, kill -9 included.
 * A folder holds one file for each process that uses it at once. What a dead process left is adopted by the next one
 * that finds it: copied, and only then taken out of the old file, so that a crash in between leaves it in both, and ids
 * make one of them. Files are emptied, never deleted: another process may be about to open them.
 * Everything here blocks, and fails as SQLite does, by throwing; it runs in a thread of its own (`spoolThread.ts`).
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import type { EntryRow } from "./entryText.ts"
import { type SpoolLimits, whyFull } from "./spoolLimits.ts"

/** More processes than any machine has use for one folder. */
const mostFiles = 64
/** SQLite's primary codes for: another process owns it; it is damaged; it is not a database. */
const sqliteBusy = 5
const sqliteCorrupt = 11
const sqliteNotADatabase = 26

export type Opened =
  | { readonly _tag: "Opened"; readonly file: SpoolFile; readonly name: string }
  | { readonly _tag: "Owned" }
  | { readonly _tag: "Corrupt"; readonly name: string }
  | { readonly _tag: "Unwritable"; readonly name: string }

export type PutRow =
  | { readonly _tag: "Kept"; readonly row: EntryRow; readonly replayed: boolean }
  | { readonly _tag: "KeyTaken" }
  | { readonly _tag: "Full"; readonly limit: "entries" | "bytes" | "account" }

export interface Held {
  readonly entries: number
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly oldestAt: number | undefined
}

/** SQLite's primary result code, if the error is SQLite's. */
export const codeOf = (error: unknown): number | undefined =>
  typeof error === "object" && error !== null && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined

const fileName = (n: number) => `spool-${n}.db`

/** Those that are there, then those that could be: of processes that start together, each finds one of its own. */
export const spoolFiles = (folder: string): ReadonlyArray<string> => {
  const there = new Set(fs.readdirSync(folder))
  const all = Array.from({ length: mostFiles }, (_, n) => fileName(n + 1))
  return [...all.filter((name) => there.has(name)), ...all.filter((name) => !there.has(name))]
}

const schema = `
  create table if not exists entries (
    seq integer primary key autoincrement,
    id text not null unique,
    kind text not null,
    account text not null,
    key text not null,
    fingerprint text not null,
    payload text not null,
    quoted text not null,
    accepted_at integer not null,
    accept_until integer not null,
    bytes integer not null
  ) strict;
  create index if not exists entries_key on entries (kind, account, key);
  create index if not exists entries_oldest on entries (accepted_at, seq);
  create table if not exists looked (only_row integer primary key check (only_row = 1), times integer not null) strict;
  insert or ignore into looked values (1, 0);`

const columns = "id, kind, account, key, fingerprint, payload, quoted, accepted_at, accept_until"

export class SpoolFile {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** Nobody else writes, so they are counted once and then kept. */
  #counted: { readonly entries: number; readonly bytes: number }

  private constructor(database: DatabaseSync) {
    this.#database = database
    this.#counted = this.#count()
  }

  /** Opens and locks it, and looks whether it is whole. */
  static open(folder: string, name: string): Opened {
    const file = path.join(folder, name)
    let database: DatabaseSync | undefined
    try {
      // Not opened when it is there: closing it again would drop the lock of another thread of this process.
      if (!fs.existsSync(file)) fs.closeSync(fs.openSync(file, "a", 0o600))
      database = new DatabaseSync(file)
      database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full")
      // What was handed over is not to be read from the file's free pages: it was somebody's.
      database.exec(`pragma secure_delete = on; begin immediate; ${schema} commit`)
      const [first] = database.prepare("pragma integrity_check(1)").all()
      if (first?.["integrity_check"] === "ok") return { _tag: "Opened", file: new SpoolFile(database), name }
      database.close()
      return { _tag: "Corrupt", name }
    } catch (error) {
      database?.close()
      const code = codeOf(error)
      if (code === sqliteBusy) return { _tag: "Owned" }
      return { _tag: code === sqliteCorrupt || code === sqliteNotADatabase ? "Corrupt" : "Unwritable", name }
    }
  }

  /** All of `body` or nothing, and on the disk when it returns. */
  transaction<A>(body: () => A): A {
    let committed = false
    this.#database.exec("begin immediate")
    try {
      const answer = body()
      this.#database.exec("commit")
      committed = true
      return answer
    } finally {
      if (!committed) {
        // A disk that is full has rolled back already.
        if (this.#database.isTransaction) this.#database.exec("rollback")
        this.#counted = this.#count()
      }
    }
  }

  put(row: EntryRow, bytes: number, limits: SpoolLimits): PutRow {
    const known = this.find(row.id)
    if (known !== undefined) return { _tag: "Kept", row: known, replayed: true }
    const { account, key, kind } = row
    const taken = this.#prepared("select 1 from entries where kind = ? and account = ? and key = ?")
    if (taken.get(kind, account, key) !== undefined) return { _tag: "KeyTaken" }
    const counted = this.#prepared("select count(*) as n from entries where kind = ? and account = ?")
    const ofAccount = Number(counted.get(kind, account)?.["n"])
    const limit = whyFull(limits, { ...this.#counted, ofAccount }, { kind, bytes })
    if (limit !== undefined) return { _tag: "Full", limit }
    this.#insert(row, bytes)
    return { _tag: "Kept", row, replayed: false }
  }

  find(id: string): EntryRow | undefined {
    return this.#prepared(`select ${columns} from entries where id = ?`).get(id) as EntryRow | undefined
  }

  oldest(limit: number): ReadonlyArray<EntryRow> {
    const oldest = this.#prepared(`select ${columns} from entries order by accepted_at, seq limit ?`)
    return oldest.all(limit) as unknown as ReadonlyArray<EntryRow>
  }

  remove(id: string): void {
    const gone = this.#prepared("delete from entries where id = ? returning bytes").get(id)
    if (gone !== undefined) this.#add(-1, -Number(gone["bytes"]))
  }

  held(): Held {
    const oldest = this.#prepared("select accepted_at from entries order by accepted_at, seq limit 1").get()
    return { ...this.#counted, oldestAt: oldest === undefined ? undefined : Number(oldest["accepted_at"]) }
  }

  /** A write that changes nothing: does the disk still take any? */
  touch(): void {
    this.#prepared("update looked set times = times + 1").run()
  }

  /** Read from the disk, every page: a tenth of a second for the largest file that the limits allow. */
  isWhole(): boolean {
    this.#database.exec("pragma shrink_memory")
    const first = this.#prepared("pragma quick_check(1)").get()
    return first?.["quick_check"] === "ok"
  }

  /** Takes over what a dead process left, whatever the limits say. Answers how many there were. */
  adopt(orphan: SpoolFile): number {
    const left = orphan.#prepared(`select ${columns}, bytes from entries order by accepted_at, seq`)
    const rows = left.all() as unknown as ReadonlyArray<EntryRow & { readonly bytes: number }>
    if (rows.length === 0) return 0
    this.transaction(() => {
      for (const row of rows) this.#insert(row, row.bytes)
    })
    orphan.transaction(() => orphan.#prepared("delete from entries").run())
    orphan.forgetWritten()
    return rows.length
  }

  /** Empties the log of writes as well, which still holds what was deleted. */
  forgetWritten(): void {
    this.#database.exec("pragma wal_checkpoint(truncate)")
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  /** One that is there already stays as it is. */
  #insert(row: EntryRow, bytes: number): void {
    const { accept_until, accepted_at, account, fingerprint, id, key, kind, payload, quoted } = row
    const inserted = this.#prepared(
      `insert or ignore into entries (${columns}, bytes) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    ).run(id, kind, account, key, fingerprint, payload, quoted, accepted_at, accept_until, bytes)
    if (inserted.changes > 0) this.#add(1, bytes)
  }

  #add(entries: number, bytes: number): void {
    this.#counted = { entries: this.#counted.entries + entries, bytes: this.#counted.bytes + bytes }
  }

  #count() {
    const all = this.#prepared("select count(*) as entries, coalesce(sum(bytes), 0) as bytes from entries").get()
    return { entries: Number(all?.["entries"]), bytes: Number(all?.["bytes"]) }
  }

  #prepared(text: string): StatementSync {
    const known = this.#statements.get(text) ?? this.#database.prepare(text)
    this.#statements.set(text, known)
    return known
  }
}
