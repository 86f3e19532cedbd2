/**
 * `npm run bench:telemetry`: what it costs to be told of everything. The real shop twice, as `npm start` runs it: one without
 * a collector, an access log and scrapes, the other with traces, metrics and logs to a collector, an access log, and a scrape
 * a second; in turns, in one run, with a shop's day (pages, orders and their jobs) and with pages alone, where a request is
 * so cheap that what is told of it weighs most.
 * Processor time of the node a request, its jobs included, which other programs on the machine change little. Exits 1 when
 * the median round with everything costs more than 1.15 x its neighbour without, for the day or for pages.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { Client, type Kind } from "../load/Client.ts"
import { quantile } from "../load/Tally.ts"
import { type RunningShop, startShop } from "../overload/shop.ts"
import { type Requests, requestsOf } from "../overload/requests.ts"

const rounds = 6
const roundMillis = 3_000
/** For the jobs of the last orders. */
const quietMillis = 1_500
const atOnce = 6
const scrapeMillis = 1_000
const most = 1.15

/** Of ten requests. */
const workloads = {
  day: ["list", "product", "list", "product", "stock", "list", "product", "orderLooked", "list", "order"],
  pages: ["list", "product", "stock"]
} as const satisfies Readonly<Record<string, ReadonlyArray<keyof Requests>>>
type Workload = keyof typeof workloads
const names = ["day", "pages"] as const satisfies ReadonlyArray<Workload>

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

const sink = spawn(process.execPath, [path.join(import.meta.dirname, "sink.ts")], {
  stdio: ["ignore", "pipe", "inherit"]
})
const collector = await new Promise<string>((resolve) =>
  sink.stdout.once("data", (data) => resolve(String(data).trim()))
)

interface Measured {
  readonly name: string
  readonly shop: RunningShop
  readonly requests: Requests
  readonly micros: Readonly<Record<Workload, Array<number>>>
}
const measured = async (name: string, env: Readonly<Record<string, string>>): Promise<Measured> => {
  const shop = await startShop("all", env)
  return { name, shop, requests: await requestsOf(shop.url), micros: { day: [], pages: [] } }
}
const off = await measured("off", { ACCESS_LOG: "off" })
const on = await measured("on", { ACCESS_LOG: "on", OTEL_EXPORTER_OTLP_ENDPOINT: collector })

const authorization = `Bearer ${fs.readFileSync(path.join(on.shop.dataDir, "ops-token"), "utf8").trim()}`
const scrapes = setInterval(() => {
  void fetch(`${on.shop.opsUrl}/metrics`, { headers: { authorization } }).then((answer) => answer.text())
}, scrapeMillis)

const cost = async ({ requests, shop }: Measured, workload: Workload) => {
  const kinds = workloads[workload]
  const client = new Client(shop.port, atOnce)
  const before = shop.cpu()
  let asked = 0
  const next = (): Kind => requests[kinds[asked++ % kinds.length] ?? "list"]
  await client.closedLoop(next, atOnce, roundMillis)
  await pause(quietMillis)
  const spent = (shop.cpu() - before) * 1e6
  client.close()
  return spent / client.answers
}

for (let round = 0; round <= rounds; round++) {
  for (const workload of names) {
    for (const each of round % 2 === 0 ? [off, on] : [on, off]) {
      const micros = await cost(each, workload)
      // The first one warms everything up.
      if (round > 0) each.micros[workload].push(micros)
    }
  }
}
clearInterval(scrapes)
await Promise.all([off.shop.stop(), on.shop.stop()])
sink.kill("SIGKILL")

const ratioOf = (workload: Workload) => {
  console.log(
    `${workload}: ${workloads[workload].join(", ")}; ${atOnce} at once, ${rounds} rounds of ${roundMillis / 1000} s`
  )
  for (const { micros, name } of [off, on]) {
    const all = micros[workload]
    const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`
    console.log(
      `${name.padEnd(4)} ${quantile(all, 0.5).toFixed(0).padStart(5)} µs of processor time a request (${range})`
    )
  }
  const without = off.micros[workload]
  const ratio = quantile(
    on.micros[workload].map((micros, round) => micros / (without[round] ?? Number.NaN)),
    0.5
  )
  console.log(`everything on: ${ratio.toFixed(2)} x off, in the median round`)
  return ratio
}
const met = names.map(ratioOf).every((ratio) => ratio <= most)
console.log(met ? "target met" : `not ${most} x`)
process.exit(met ? 0 : 1)
