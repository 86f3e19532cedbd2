/**
 * `npm run chaos:crash`: the real shop is killed at every point of an order's life, and judged when all is quiet again.
 *
 *     npm run chaos:crash -- [--list] [--only send.,orders.place] [--times 5] [--lanes 3] [--seed 42]
 *
 * Prints a row per point, and the seed. Exits 1 when something was lost, done twice or otherwise not as promised, or
 * when a point was not reached as often as asked: what was not tried is unknown, and not passed.
 */
import { parseArgs } from "node:util"
import { Clock, Effect, Layer, Random, References } from "effect"
import { blows, nameOf } from "./blows.ts"
import { ground } from "./ground.ts"
import { ordeal, type Result } from "./ordeal.ts"

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    seed: { type: "string" },
    times: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    lanes: { type: "string", default: "3" }
  }
})

const help = `npm run chaos:crash [-- options]

Kills the real shop at every point of an order's life, and holds its orders against customers and provider after that.
--list       names the points
--only A,B   only points whose name contains one of these
--times N    kills for each point (5)
--lanes N    points at a time (3); each is a database and a shop of its own
--seed S     the same customers again
Exits 1 when something was lost or done twice, or could not be tried. All points five times take about 20 minutes.`

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))
const columns = ["crashes", "orders", "acked", "lost", "double", "other", "seconds"]
const row = (name: string, cells: ReadonlyArray<string | number>) =>
  `${name.padEnd(34)}${cells.map((cell) => String(cell).padStart(8)).join("")}`

/** Why nothing can be said about this point; undefined when something can. */
const unknown = ({ attempted, blows, heard }: Result, times: number): string | undefined => {
  if (blows === 0) return "never reached"
  if (blows < times) return "not reached often enough"
  return heard * 2 < attempted ? "fewer than half of the customers were told anything" : undefined
}

const tell = (result: Result, times: number) =>
  Effect.gen(function* () {
    const { acknowledged, blows, double, lost, name, orders, others, recoverySeconds } = result
    const cells = [blows, orders, acknowledged, lost.length, double.length, others.length, recoverySeconds.toFixed(1)]
    const why = unknown(result, times)
    yield* say(row(name, cells) + (why === undefined ? "" : `  unknown: ${why}`))
    for (const breach of [...lost, ...double, ...others]) yield* say(`    ${breach}`)
  })

const sum = (results: ReadonlyArray<Result>, of: (result: Result) => number) =>
  results.reduce((total, result) => total + of(result), 0)

const campaign = Effect.gen(function* () {
  const began = yield* Clock.currentTimeMillis
  const seed = values.seed ?? String(yield* Random.nextIntBetween(0, 1_000_000))
  const times = Number(values.times)
  const wanted = values.only.split(",")
  const chosen = blows.filter((blow) => wanted.some((part) => nameOf(blow).includes(part)))
  yield* say(`seed ${seed}: ${chosen.length} of ${blows.length} points, ${times} times each`)
  yield* say(row("", columns))
  const below = yield* ground
  const results = yield* Effect.forEach(
    chosen,
    (blow) =>
      ordeal(below, { blow, times, ofAKind: 2 }).pipe(
        Random.withSeed(`${seed} ${nameOf(blow)}`),
        Effect.tap((result) => tell(result, times))
      ),
    { concurrency: Number(values.lanes) }
  )
  const [lost, double] = [sum(results, (r) => r.lost.length), sum(results, (r) => r.double.length)]
  const others = sum(results, (r) => r.others.length)
  const unheard = results.filter((result) => unknown(result, times) !== undefined)
  const slowest = results.reduce((most, { recoverySeconds }) => Math.max(most, recoverySeconds), 0)
  const minutes = ((yield* Clock.currentTimeMillis) - began) / 60_000
  const made = [sum(results, (r) => r.blows), sum(results, (r) => r.orders), sum(results, (r) => r.acknowledged)]
  yield* say(row("all (seconds: the slowest)", [...made, lost, double, others, slowest.toFixed(1)]))
  yield* say(
    `${chosen.length} points, ${unheard.length} unknown: ${unheard.map(({ name }) => name).join(", ") || "none"}`
  )
  yield* say(`${lost + double + others} breaches, ${minutes.toFixed(1)} minutes, seed ${seed}`)
  return lost + double + others + unheard.length === 0 && chosen.length > 0 ? 0 : 1
})

const quiet = Layer.succeed(References.MinimumLogLevel, "None")

if (values.help) {
  process.stdout.write(`${help}\n`)
} else if (values.list) {
  process.stdout.write(`${blows.map(nameOf).join("\n")}\n`)
} else {
  process.exitCode = await Effect.runPromise(campaign.pipe(Effect.scoped, Effect.provide(quiet)))
}
