/**
 * `npm run bench:door`: what the door itself costs. The API over the shop in memory, without deadlines and admission, with
 * deadlines, with both, with rate limits as well (for a thousand addresses behind a proxy), and with an admission that
 * refuses everybody; each a process of its own, in turns, in one run.
 * Processor time a request, which other programs on the machine change little, and ratios. Exits 1 when deadlines and
 * admission together cost more than a tenth, rate limits more than a twentieth, or a refusal more than half of the cheapest read.
 */
import { spawn } from "node:child_process"
import * as path from "node:path"
import { Client, wire } from "../load/Client.ts"
import { quantile } from "../load/Tally.ts"

const rounds = 7
const roundMillis = 1_500
const atOnce = 8
const most = { both: 1.1, limits: 1.05, refusal: 0.5 }
/** More than one address may ask for in the time. */
const addresses = 1_000

const started = async (kind: string) => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "server.ts"), kind], {
    stdio: ["ignore", "pipe", "inherit", "ipc"]
  })
  const url = await new Promise<string>((resolve) => child.stdout?.once("data", (data) => resolve(String(data).trim())))
  const cpuMicros = () =>
    new Promise<number>((resolve) => {
      child.once("message", (micros) => resolve(Number(micros)))
      child.send("cpu")
    })
  return {
    kind,
    port: Number(new URL(url).port),
    cpuMicros,
    stop: () => child.kill("SIGKILL"),
    micros: [] as Array<number>
  }
}
type Server = Awaited<ReturnType<typeof started>>

/** Microseconds of processor time that an answer took, the runtime's own threads included. */
const cost = async ({ cpuMicros, port }: Server, texts: ReadonlyArray<string>) => {
  const client = new Client(port, atOnce)
  const before = await cpuMicros()
  const kind = { name: "read", deadlineMillis: roundMillis, next: () => texts[asked++ % texts.length] ?? "" }
  await client.closedLoop(() => kind, atOnce, roundMillis)
  const spent = (await cpuMicros()) - before
  client.close()
  return spent / client.answers
}

const servers: Array<Server> = []
for (const kind of ["bare", "deadlines", "whole", "limited", "full"]) servers.push(await started(kind))
const from = (path: string) =>
  Array.from({ length: addresses }, (_, n) => wire("GET", path, { "x-forwarded-for": `203.0.${n >> 8}.${n & 255}` }))
const read = from("/v1/products?limit=5")
/** Never waits for room, so a full node refuses it at once. */
const refused = from("/v1/products/prd_1/recommendations")
let asked = 0
for (let round = 0; round <= rounds; round++) {
  for (const server of round % 2 === 0 ? servers : servers.toReversed()) {
    const micros = await cost(server, server.kind === "full" ? refused : read)
    // The first one warms everything up.
    if (round > 0) server.micros.push(micros)
  }
}
for (const { stop } of servers) stop()

const medians = servers.map(({ micros }) => quantile(micros, 0.5))
const [bare = Number.NaN, , whole = Number.NaN, , full = Number.NaN] = medians
/** Of neighbours in time: so small a difference drowns in what else the machine does between two rounds. */
const [, , unlimited = [], limited = []] = servers.map(({ micros }) => micros)
const limits = quantile(
  limited.map((micros, round) => micros / (unlimited[round] ?? Number.NaN)),
  0.5
)
console.log(`GET /v1/products?limit=5, ${atOnce} at once, medians of ${rounds} rounds of ${roundMillis / 1000} s`)
for (const [index, { kind, micros }] of servers.entries()) {
  const median = medians[index] ?? Number.NaN
  const range = `${Math.min(...micros).toFixed(0)} to ${Math.max(...micros).toFixed(0)}`
  console.log(
    `${kind.padEnd(10)} ${median.toFixed(0).padStart(5)} µs of processor time (${range})  ${(median / bare).toFixed(2)} x bare`
  )
}
console.log(`rate limits: ${limits.toFixed(2)} x the whole door without, in the median round`)
const missed = [
  ...(whole / bare > most.both ? [`deadlines and admission: ${(whole / bare).toFixed(2)} x, not ${most.both} x`] : []),
  ...(limits > most.limits ? [`rate limits: ${limits.toFixed(2)} x, not ${most.limits} x`] : []),
  ...(full / whole > most.refusal ? [`a refusal: ${(full / whole).toFixed(2)} x an answer, not ${most.refusal} x`] : [])
]
console.log(missed.length === 0 ? "all targets met" : `missed: ${missed.join("; ")}`)
process.exit(missed.length === 0 ? 0 : 1)
