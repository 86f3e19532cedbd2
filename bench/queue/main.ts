/**
 * `npm run bench:queue`: our queue beside pg-boss and graphile-worker, on the same embedded PostgreSQL (synced to disk), in
 * one run. Medians, ratios, targets. Exits 1 when a target is missed; the last line says which.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Redacted } from "effect"
import { Client } from "pg"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { leaseSeconds } from "../../src/jobs/Job.ts"
import type { Contestant } from "./Contestant.ts"
import { makeGraphileWorker } from "./graphileWorker.ts"
import { makeHoldfast } from "./holdfast.ts"
import { makePgBoss } from "./pgBoss.ts"

/** The first one warms everything up and is thrown away. */
const rounds = 3
const transactions = 400
const transactionsAtOnce = 8
const jobs = 10_000
const many = 100_000
const idleJobs = 60

const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
const median = (values: ReadonlyArray<number>) => quantile(values, 0.5)
const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** Transactions a second. */
const enqueueRate = async (queue: Contestant) => {
  await queue.fill(0, 0)
  const began = performance.now()
  await queue.enqueueInTransactions(transactions, transactionsAtOnce)
  return (transactions * 1000) / (performance.now() - began)
}

/** Jobs a second, from the first to the last of `jobs`; starting a worker is not part of it. */
const drainRate = async (queue: Contestant, backlog: number, dead: number) => {
  await queue.fill(jobs + backlog, dead)
  let [first, ran] = [0, 0]
  let stop: () => Promise<void> = async () => undefined
  const last = await new Promise<number>((resolve, reject) => {
    const onJob = () => {
      if (++ran === 1) first = performance.now()
      if (ran === jobs) resolve(performance.now())
    }
    queue.work(onJob).then((ended) => {
      stop = ended
    }, reject)
  })
  await stop()
  return (jobs * 1000) / (last - first)
}

/** Milliseconds from before a job is enqueued until it runs, on a worker that has nothing else to do. */
const idleLatencies = async (queue: Contestant) => {
  await queue.fill(0, 0)
  let arrived: () => void = () => undefined
  const stop = await queue.work(() => arrived())
  await pause(1_500)
  const latencies: Array<number> = []
  for (let n = 0; n < idleJobs; n++) {
    const ran = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const began = performance.now()
    await queue.enqueue()
    await ran
    latencies.push(performance.now() - began)
    await pause(20)
  }
  await stop()
  return latencies
}

const crowded = [
  ["drain, 100,000 more due", many, 0],
  ["drain, 100,000 dead", 0, many]
] as const

const measure = async (queues: ReadonlyArray<Contestant>) => {
  const seen = new Map<string, Array<number>>()
  const note = (what: string, queue: Contestant, ...values: ReadonlyArray<number>) => {
    const name = `${what} ${queue.name}`
    seen.set(name, [...(seen.get(name) ?? []), ...values])
    console.error(`${name}: ${Math.round(median(values) * 10) / 10}`)
  }
  for (let round = 0; round < rounds; round++) {
    for (const queue of queues) note("enqueue", queue, await enqueueRate(queue))
    for (const queue of queues) note("drain", queue, await drainRate(queue, 0, 0))
    if (round === 0) seen.clear()
  }
  // Once: filling them takes longer than all the rest.
  for (const [name, backlog, dead] of crowded) {
    for (const queue of queues) note(name, queue, await drainRate(queue, backlog, dead))
  }
  for (const queue of queues) note("idle", queue, ...(await idleLatencies(queue)))
  return (what: string, name: string) => seen.get(`${what} ${name}`) ?? []
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

const compare = async (url: string) => {
  const holdfast = await makeHoldfast(await databaseOf(url, "holdfast"))
  const queues = [
    holdfast,
    await makePgBoss(await databaseOf(url, "pgboss")),
    await makeGraphileWorker(await databaseOf(url, "graphile"))
  ]
  const figures = await measure(queues)
  const restart = await holdfast.restartElsewhere()
  for (const queue of queues) await queue.close()

  const names = queues.map(({ name }) => name)
  const row = (what: string, value: (name: string) => string) =>
    console.log(`${what.padEnd(30)} ${names.map((name) => value(name).padStart(18)).join("")}`)
  console.log(
    `medians of ${rounds - 1} interleaved rounds, of one with 100,000 more; in brackets: as a multiple of pg-boss\n`
  )
  row("", (name) => name)
  for (const what of ["enqueue", "drain", ...crowded.map(([name]) => name)]) {
    const boss = median(figures(what, "pg-boss"))
    row(`${what}, a second`, (name) => {
      const own = median(figures(what, name))
      return `${Math.round(own).toLocaleString("en")} (${(own / boss).toFixed(2)})`
    })
  }
  row("idle, ms p50 / p99", (name) =>
    [0.5, 0.99].map((share) => quantile(figures("idle", name), share).toFixed(1)).join(" / ")
  )
  console.log(`\na killed worker's job runs elsewhere after ${(restart / 1000).toFixed(1)} s\n`)

  const ratio = (what: string) => median(figures(what, "holdfast")) / median(figures(what, "pg-boss"))
  const flat = (what: string) => median(figures(what, "holdfast")) / median(figures("drain", "holdfast"))
  const idle = median(figures("idle", "holdfast"))
  const targets: ReadonlyArray<readonly [name: string, value: number, reached: boolean]> = [
    ["enqueue in a transaction, times pg-boss (at least 1.5)", ratio("enqueue"), ratio("enqueue") >= 1.5],
    ["drain, times pg-boss settling each job (at least 1)", ratio("drain"), ratio("drain") >= 1],
    ["idle, ms p50 (at most 5)", idle, idle <= 5],
    ...crowded.map(
      ([name]) => [`${name}, times its own empty drain (at least 0.7)`, flat(name), flat(name) >= 0.7] as const
    ),
    [`restart elsewhere, s (at most ${leaseSeconds * 2})`, restart / 1000, restart <= leaseSeconds * 2_000]
  ]
  for (const [name, value, reached] of targets)
    console.log(`${reached ? "ok    " : "MISSED"} ${name}: ${value.toFixed(2)}`)
  const missed = targets.filter(([, , reached]) => !reached).map(([name]) => name)
  console.log(missed.length === 0 ? "\nall targets reached" : `\nmissed: ${missed.join("; ")}`)
  return missed.length
}

process.exitCode = await Effect.gen(function* () {
  const directory = path.join(yield* scratch, "pg")
  const settings = { max_connections: "100" }
  const server = yield* EmbeddedPostgres.start({ directory, settings, onProgress: () => Effect.void })
  return yield* Effect.promise(() => compare(Redacted.value(server.url)))
}).pipe(
  Effect.scoped,
  Effect.map((missed) => (missed === 0 ? 0 : 1)),
  Effect.runPromise
)
