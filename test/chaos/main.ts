/**
 * `npm run chaos`: the real shop, a real PostgreSQL and the provider's stand-in under load, and one kind of harm after
 * another. `npm run chaos:crash` is the campaign that kills it at every point of an order's life.
 *
 *     npm run chaos -- [--list] [--only charges-time-out,…] [--group database,…] [--seed 42] [--seconds 60]
 *
 * Prints a row per scenario, and the seed. Exits 1 when anything was lost, done twice or otherwise not as promised, or
 * when too little was seen to say so.
 */
import { parseArgs } from "node:util"
import { Cause, Clock, Effect, Layer, Random, References } from "effect"
import { runScenario } from "./runScenario.ts"
import { groups, type Scenario } from "./Scenario.ts"
import { scenarios } from "./scenarios/all.ts"
import { breachesOf, detailsOf, heading, legend, rowOf } from "./table.ts"

const { values } = parseArgs({
  options: {
    help: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    group: { type: "string", default: "" },
    seed: { type: "string" },
    seconds: { type: "string" },
    times: { type: "string", default: "1" }
  }
})

const help = `npm run chaos [-- options]

Does harm to the real shop under load, lets it recover, and judges every order; docs/chaos.md says how to read the table.
--list       names the scenarios
--only A,B   only these
--group G,H  only those of these groups: ${groups.join(", ")}
--seconds N  how long the harm lasts (each scenario has its own)
--times N    so often
--seed S     the same customers again
Exits 1 when something was lost, done twice or not as promised, or could not be seen.`

/** No scenario takes longer, whatever becomes of it. */
const endsWithin = "15 minutes"

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))

/** A run that ends without its verdict is unknown, and not passed; the others go on. */
const tried = (scenario: Scenario) =>
  runScenario(scenario, values.seconds === undefined ? scenario.seconds : Number(values.seconds)).pipe(
    Effect.timeout(endsWithin),
    Effect.map((outcome) => {
      const breaches = breachesOf(outcome)
      return {
        row: rowOf(outcome),
        below: [...detailsOf(outcome), ...outcome.notes, ...breaches],
        held: breaches.length === 0
      }
    }),
    Effect.catchCause((cause) =>
      Effect.succeed({ row: scenario.name, below: [`unknown: ${Cause.pretty(cause)}`], held: false })
    )
  )

const campaign = Effect.gen(function* () {
  const began = yield* Clock.currentTimeMillis
  const seed = values.seed ?? String(yield* Random.nextIntBetween(0, 1_000_000))
  const wants = (list: string, one: string) => list === "" || list.split(",").includes(one)
  const wanted = scenarios.filter(({ group, name }) => wants(values.only, name) && wants(values.group, group))
  const chosen = Array.from({ length: Number(values.times) }, () => wanted).flat()
  yield* say(`seed ${seed}: ${wanted.length} of ${scenarios.length} scenarios\n\n${legend}\n\n${heading}`)
  let bad = 0
  for (const scenario of chosen) {
    const lines = yield* tried(scenario).pipe(Random.withSeed(`${seed} ${scenario.name}`))
    if (!lines.held) bad += 1
    yield* say([lines.row, ...lines.below.map((line) => `    ${line}`)].join("\n"))
  }
  const minutes = ((yield* Clock.currentTimeMillis) - began) / 60_000
  yield* say(`${chosen.length - bad} as promised, ${bad} not, ${minutes.toFixed(1)} minutes, seed ${seed}`)
  return bad === 0 && chosen.length > 0 ? 0 : 1
})

const quiet = Layer.succeed(References.MinimumLogLevel, "None")

if (values.help) {
  process.stdout.write(`${help}\n`)
} else if (values.list) {
  const lines = scenarios.map(({ group, name, says }) => `${group.padEnd(14)}${name.padEnd(30)}${says}`)
  process.stdout.write(`${lines.join("\n")}\n`)
} else {
  process.exitCode = await Effect.runPromise(campaign.pipe(Effect.scoped, Effect.provide(quiet)))
}
