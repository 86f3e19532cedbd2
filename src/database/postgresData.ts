/**
 * The data directory of the embedded PostgreSQL: made once, taken over after a crash, never shared by two servers.
 *
 * It is made beside its place and moved there when complete, so a crash half-way leaves nothing that looks whole.
 * The password is random, is kept inside it (0600), and is required: other people may have accounts on this machine.
 * Where the server's user cannot reach the wanted place, the directory is a link into a folder that it can reach.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, Result } from "effect"
import { SecureRandom } from "effect/crypto"
import { Hex } from "effect/encoding"
import { EmbeddedPostgresFailed } from "./errors.ts"
import { requireFree } from "./postgresHolder.ts"
import { reachable, sharedFolder, type PostgresBinaries } from "./postgresBinaries.ts"

const passwordFile = "holdfast.password"
export const superuser = "holdfast"

const failed = (reason: EmbeddedPostgresFailed["reason"], message: string) =>
  new EmbeddedPostgresFailed({ reason, message })

const initdb = (binaries: PostgresBinaries, args: ReadonlyArray<string>): Effect.Effect<void, EmbeddedPostgresFailed> =>
  Effect.callback((resume) => {
    const child = spawn(path.join(binaries.bin, "initdb"), args, {
      ...binaries.runAs,
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe"]
    })
    let output = ""
    child.stderr.on("data", (chunk) => (output += String(chunk)))
    child.once("error", () => resume(Effect.fail(failed("not_started", "PostgreSQL's initdb cannot be run."))))
    child.once("close", (code) => {
      const reason = /initdb: (?:error: )?(.*)/.exec(output)?.[1] ?? "it gave no reason"
      const message = `The embedded PostgreSQL could not create its database: ${reason}.`
      resume(code === 0 ? Effect.void : Effect.fail(failed("not_started", message)))
    })
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Where the data really lies: `directory`, or behind a link when the server's user cannot reach it. */
const place = (directory: string, runAs: PostgresBinaries["runAs"]): string => {
  if (fs.existsSync(directory)) return fs.realpathSync(directory)
  const parent = path.dirname(path.resolve(directory))
  fs.mkdirSync(parent, { recursive: true })
  if (reachable(parent, runAs)) return path.join(fs.realpathSync(parent), path.basename(directory))
  fs.mkdirSync(sharedFolder, { recursive: true, mode: 0o755 })
  const target = path.join(fs.mkdtempSync(path.join(sharedFolder, "data-")), "pg")
  fs.chmodSync(path.dirname(target), 0o711)
  fs.rmSync(directory, { force: true })
  fs.symlinkSync(target, directory)
  return target
}

/** A directory that a person made stays that person's when root starts the server (`sudo` once, or a container). */
const ownerOf = (directory: string, { runAs }: PostgresBinaries): PostgresBinaries["runAs"] => {
  const { gid, uid } = fs.statSync(directory)
  return runAs === undefined || uid === 0 ? runAs : { uid, gid }
}

const own = (target: string, runAs: PostgresBinaries["runAs"]) => {
  if (runAs !== undefined) fs.chownSync(target, runAs.uid, runAs.gid)
}

const create = Effect.fnUntraced(
  function* (directory: string, binaries: PostgresBinaries, durable: boolean) {
    const staging = yield* Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(`${directory}.new-`)),
      (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
    )
    const data = path.join(staging, "data")
    const password = Hex.encode(yield* (yield* SecureRandom.SecureRandom).randomBytes(24))
    const given = path.join(staging, "password")
    fs.writeFileSync(given, password, { mode: 0o600 })
    fs.mkdirSync(data, { mode: 0o700 })
    for (const target of [staging, given, data]) own(target, binaries.runAs)
    const access = ["--username", superuser, "--pwfile", given, "--auth", "scram-sha-256"]
    const text = ["--encoding", "UTF8", "--no-locale"]
    yield* initdb(binaries, ["--pgdata", data, ...access, ...text, ...(durable ? [] : ["--no-sync"])])
    fs.renameSync(given, path.join(data, passwordFile))
    // A second node may have been first: its directory is complete, and this one is thrown away with the staging folder.
    Result.try(() => fs.renameSync(data, directory))
  },
  Effect.scoped,
  Effect.provide(SecureRandom.layerWebCrypto)
)

/** Makes the directory unless it is there, and waits for a former server to be gone. Answers where, whose, and its password. */
export const prepareData = Effect.fnUntraced(function* (options: {
  readonly directory: string
  readonly binaries: PostgresBinaries
  readonly durable: boolean
  readonly onProgress: (line: string) => Effect.Effect<void>
}) {
  const { binaries } = options
  const directory = yield* Effect.try({
    try: () => place(options.directory, binaries.runAs),
    catch: () =>
      failed(
        "unreachable_folder",
        `${options.directory} cannot be created or read. Set DATA_DIR to a folder of this user.`
      )
  })
  const existed = fs.existsSync(path.join(directory, "PG_VERSION"))
  if (!existed) {
    yield* options.onProgress(`creating the database in ${directory} (once)`)
    yield* create(directory, binaries, options.durable)
  }
  const read = (file: string) =>
    Effect.try({
      try: () => fs.readFileSync(path.join(directory, file), "utf8").trim(),
      catch: () =>
        failed(
          "not_ours",
          `The database in ${directory} belongs to another user or program. Set DATA_DIR to another folder.`
        )
    })
  const version = yield* read("PG_VERSION")
  if (version !== binaries.major) {
    const message = `The database in ${directory} was made by PostgreSQL ${version}, and only PostgreSQL ${binaries.major} was found. Run "npm install", or set DATA_DIR to another folder.`
    return yield* failed("wrong_version", message)
  }
  const password = yield* read(passwordFile)
  yield* requireFree(directory)
  return {
    directory,
    password,
    binaries: { ...binaries, runAs: existed ? ownerOf(directory, binaries) : binaries.runAs }
  }
})
