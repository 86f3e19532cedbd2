/**
 * The PostgreSQL server of one test run: started before the first test, gone after the last one, or with the runner.
 *
 * Its own embedded server in a temporary folder, without a sync to disk; or, with DATABASE_URL set, that server, on
 * which the run makes databases of its own and drops them. Migrations run once, into a template that tests copy.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Exit, Redacted, Result, Scope } from "effect"
import type { TestProject } from "vitest/node"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { Migrations } from "../../src/database/Migrations.ts"
import { asAdmin, databaseUrl } from "./testDatabase.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly cluster: { readonly url: string; readonly template: string }
  }
}

/** Two workers with a few databases each, every one with a pool, a listener and a health check. */
const settings = { max_connections: "200" }

const prefix = "holdfast-run-"
const isAlive = (pid: number) => Result.isSuccess(Result.try(() => process.kill(pid, 0)))

/** What runs that were killed could not remove. */
const removeLeftovers = Effect.sync(() => {
  for (const folder of fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith(prefix))) {
    if (isAlive(Number(folder.split("-")[2]))) continue
    Result.try(() => fs.rmSync(path.join(os.tmpdir(), folder), { recursive: true, force: true }))
  }
})

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`))
    // The server may run as another user, and must get through to its data.
    fs.chmodSync(folder, 0o711)
    return folder
  }),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

const embedded = Effect.gen(function* () {
  yield* removeLeftovers
  const directory = path.join(yield* temporaryFolder, "pg")
  const server = yield* EmbeddedPostgres.start({ directory, durable: false, settings, onProgress: () => Effect.void })
  return Redacted.value(server.url)
})

const cluster = Effect.gen(function* () {
  // The only setting of a test run; configuration proper is read by src/config.ts.
  const url = process.env["DATABASE_URL"] ?? (yield* embedded)
  const template = `holdfast_template_${process.pid}`
  yield* Effect.acquireRelease(asAdmin(url, `create database ${template} template template0`), () =>
    Effect.ignore(asAdmin(url, `drop database ${template} with (force)`))
  )
  const onProgress = () => Effect.void
  yield* Migrations.migrate({ url: Redacted.make(databaseUrl(url, template)), mode: "auto", onProgress })
  return { url, template }
})

export default async (project: TestProject) => {
  const scope = Scope.makeUnsafe()
  project.provide("cluster", await Effect.runPromise(Scope.provide(cluster, scope)))
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
