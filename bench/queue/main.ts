/**
 * `npm run bench:queue`: our queue beside pg-boss and graphile-worker, on the same embedded PostgreSQL (synced to disk), in
 * one run. Medians, ratios, targets. Exits 1 when a target is missed; the last line says which.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { Effect, Redacted } from "effect"
import { Client } from "pg"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import type { Contestant } from "./Contestant.ts"
import { Figures } from "./figures.ts"
import { makeGraphileWorker } from "./graphileWorker.ts"
import { makeHoldfast } from "./holdfast.ts"
import { crowded, drain, enqueueRate, idleLatencies } from "./measure.ts"
import { makePgBoss } from "./pgBoss.ts"
import { report } from "./report.ts"

const help = `npm run bench:queue [-- --rounds N]

Compares the queue with pg-boss and graphile-worker: 20,000 jobs drained by one worker, 50 at once and at most 500 held,
each settled for itself; 4,000 transactions that enqueue, 8 at a time; the latency of a job on an idle worker.
--rounds N  rounds in which each takes its turn, after one that is thrown away (5; about 3 minutes)
Exits 1 when a target is missed.`

const { values: given } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, help: { type: "boolean", default: false } }
})
const rounds = Number(given.rounds)

const measure = async (queues: ReadonlyArray<Contestant>): Promise<Figures> => {
  const figures = new Figures()
  for (let round = 0; round <= rounds; round++) {
    console.error(round === 0 ? "to warm up" : `round ${round} of ${rounds}`)
    for (const queue of queues) figures.note("enqueue", queue.name, [await enqueueRate(queue)])
    for (const queue of queues) figures.note("drain", queue.name, [await drain(queue)])
    for (const queue of queues) figures.note("idle", queue.name, await idleLatencies(queue))
    if (round === 0) figures.clear()
  }
  for (const [name, rate] of crowded) {
    for (const queue of queues) figures.note(name, queue.name, [await rate(queue)])
    // How flat it is concerns only ours: twice more, so that one moment does not decide.
    for (const again of queues.slice(0, 1)) {
      for (let times = 0; times < 2; times++) figures.note(name, again.name, [await rate(again)])
    }
  }
  return figures
}

const scratch = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-bench-"))
    fs.chmodSync(folder, 0o711)
    return folder
  }),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

const databaseOf = async (url: string, name: string) => {
  const admin = new Client({ connectionString: url })
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  const own = new URL(url)
  own.pathname = `/${name}`
  return own.href
}

const compare = async (url: string): Promise<ReadonlyArray<string>> => {
  const holdfast = await makeHoldfast(await databaseOf(url, "holdfast"))
  const queues = [
    holdfast,
    await makePgBoss(await databaseOf(url, "pgboss")),
    await makeGraphileWorker(await databaseOf(url, "graphile"))
  ]
  const figures = await measure(queues)
  const restart = await holdfast.restartElsewhere()
  for (const queue of queues) await queue.close()
  console.log(`medians of ${rounds} interleaved rounds; in brackets: as a multiple of pg-boss\n`)
  return report(
    figures,
    queues.map(({ name }) => name),
    restart
  )
}

const main = Effect.gen(function* () {
  const directory = path.join(yield* scratch, "pg")
  const settings = { max_connections: "100" }
  const server = yield* EmbeddedPostgres.start({ directory, settings, onProgress: () => Effect.void })
  return yield* Effect.promise(() => compare(Redacted.value(server.url)))
}).pipe(Effect.scoped)

if (given.help) console.log(help)
else if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("--rounds is a whole number from 1")
  process.exitCode = 2
} else {
  const missed = await Effect.runPromise(main)
  console.log(missed.length === 0 ? "\nall targets reached" : `\nmissed: ${missed.join("; ")}`)
  process.exitCode = missed.length === 0 ? 0 : 1
}
