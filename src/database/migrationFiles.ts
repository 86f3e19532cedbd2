/**
 * The ordered list of migrations/NNNN_name.sql, and the comparison with what a database already has.
 *
 * Ids are consecutive from 1, so that two branches cannot both add the same one and a missing file is noticed.
 * A database that is ahead of this program is fine: that is a node of the old version during a deployment.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { MigrationRefused } from "./errors.ts"

export interface Migration {
  readonly id: number
  readonly name: string
  readonly file: string
}
export interface Applied {
  readonly id: number
  readonly name: string
}

export const migrationsDirectory = fileURLToPath(new URL("../../migrations/", import.meta.url))

const title = ({ id, name }: Applied) => `${String(id).padStart(4, "0")}_${name}`

export const readMigrations = Effect.fnUntraced(function* (
  directory: string
): Effect.fn.Return<ReadonlyArray<Migration>, MigrationRefused> {
  const files = fs
    .readdirSync(directory)
    .filter((file) => file.endsWith(".sql"))
    .toSorted()
  const migrations: Array<Migration> = []
  for (const [index, file] of files.entries()) {
    const [, id, name] = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file) ?? []
    if (id === undefined || name === undefined)
      return yield* new MigrationRefused({ reason: "bad_name", migration: file })
    if (Number(id) === migrations.at(-1)?.id)
      return yield* new MigrationRefused({ reason: "duplicate", migration: file })
    if (Number(id) !== index + 1) return yield* new MigrationRefused({ reason: "gap", migration: file })
    migrations.push({ id: Number(id), name, file: path.join(directory, file) })
  }
  return migrations
})

/** The migrations that are still to be applied, in order. */
export const pendingMigrations = Effect.fnUntraced(function* (
  migrations: ReadonlyArray<Migration>,
  applied: ReadonlyArray<Applied>
): Effect.fn.Return<ReadonlyArray<Migration>, MigrationRefused> {
  const names = new Map(applied.map(({ id, name }) => [id, name]))
  const latest = Math.max(0, ...names.keys())
  for (const migration of migrations) {
    const name = names.get(migration.id)
    if (name !== undefined && name !== migration.name) {
      return yield* new MigrationRefused({ reason: "renamed", migration: title({ id: migration.id, name }) })
    }
    if (name === undefined && migration.id < latest) {
      return yield* new MigrationRefused({ reason: "out_of_order", migration: title(migration) })
    }
  }
  return migrations.filter((migration) => migration.id > latest)
})

export const titles = (migrations: ReadonlyArray<Migration>): ReadonlyArray<string> => migrations.map(title)
