/**
 * `npm run chaos:crash`: the real shop is killed at every point of an order's life, and judged when all is quiet again.
 *
 *     npm run chaos:crash -- [--list] [--only send.,orders.place] [--times 5] [--lanes 3] [--seed 42]
 *
 * Prints a row per point, and the seed. Exits 1 when something was lost, done twice or otherwise not as promised, or
 * when a point was not reached: what was not tried is unknown, and not passed.
 */
import { parseArgs } from "node:util"
import { Clock, Effect, Layer, Random, References } from "effect"
import { crashPoints } from "../../../src/orders/crashPoints.ts"
import { ground } from "./ground.ts"
import { type Blow, nameOf, ordeal, type Result } from "./ordeal.ts"

const { values } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    seed: { type: "string" },
    times: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    lanes: { type: "string", default: "3" }
  }
})

export const blows: ReadonlyArray<Blow> = [
  ...crashPoints.map((point): Blow => ({ _tag: "Crash", point })),
  ...(["reset_after", "hang_after"] as const).flatMap((mode) =>
    ["/v1/payment_intents", "/confirm", "/capture", "/cancel", "/v1/refunds"].map((path): Blow => ({
      _tag: "Provider",
      mode,
      path
    }))
  ),
  { _tag: "CommitUnheard" }
]

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))
const columns = ["crashes", "orders", "acked", "lost", "double", "other", "seconds"]
const row = (name: string, cells: ReadonlyArray<string | number>) =>
  `${name.padEnd(34)}${cells.map((cell) => String(cell).padStart(8)).join("")}`

const tell = (result: Result, times: number) =>
  Effect.gen(function* () {
    const { acknowledged, double, lost, name, orders, others, recoverySeconds } = result
    const cells = [result.blows, orders, acknowledged, lost.length, double.length, others.length]
    const unknown = result.blows < times ? "  unknown: not reached often enough" : ""
    yield* say(row(name, [...cells, recoverySeconds.toFixed(1)]) + unknown)
    for (const breach of [...lost, ...double, ...others]) yield* say(`    ${breach}`)
  })

const campaign = Effect.gen(function* () {
  const began = yield* Clock.currentTimeMillis
  const seed = values.seed ?? String(yield* Random.nextIntBetween(0, 1_000_000))
  const times = Number(values.times)
  const wanted = values.only.split(",")
  const chosen = blows.filter((blow) => wanted.some((part) => nameOf(blow).includes(part)))
  yield* say(`seed ${seed}: ${chosen.length} points, ${times} times each`)
  yield* say(row("", columns))
  const below = yield* ground
  const results = yield* Effect.forEach(
    chosen,
    (blow) =>
      ordeal(below, blow, times).pipe(
        Random.withSeed(`${seed} ${nameOf(blow)}`),
        Effect.tap((result) => tell(result, times))
      ),
    { concurrency: Number(values.lanes) }
  )
  const total = (of: (result: Result) => number) => results.reduce((sum, result) => sum + of(result), 0)
  const breaches = total(({ double, lost, others }) => lost.length + double.length + others.length)
  const unknown = results.filter((result) => result.blows < times).length
  const slowest = results.reduce((most, { recoverySeconds }) => Math.max(most, recoverySeconds), 0)
  const minutes = ((yield* Clock.currentTimeMillis) - began) / 60_000
  const sums = [total((r) => r.blows), total((r) => r.orders), total((r) => r.acknowledged)]
  const bad = [total((r) => r.lost.length), total((r) => r.double.length), total((r) => r.others.length)]
  yield* say(row("all", [...sums, ...bad, slowest.toFixed(1)]))
  yield* say(`${breaches} breaches, ${unknown} unknown, ${minutes.toFixed(1)} minutes, seed ${seed}`)
  return breaches + unknown === 0 ? 0 : 1
})

const quiet = Layer.succeed(References.MinimumLogLevel, "None")

if (values.list) {
  process.stdout.write(`${blows.map(nameOf).join("\n")}\n`)
} else {
  process.exitCode = await Effect.runPromise(campaign.pipe(Effect.scoped, Effect.provide(quiet)))
}
