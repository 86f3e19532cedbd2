/**
 * `npm run bench:kit`: what a guarded call costs, beside its peers, in one run. Exits 1 when a target is missed.
 */
import { Console, Effect, References } from "effect"
import { contestants } from "./contestants.ts"
import { measureHttp } from "./http.ts"
import { type Figures, measure } from "./measure.ts"

const fixed = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(2))

const table = (figures: ReadonlyArray<Figures>) => {
  console.log("CPU microseconds per call, medians (1,000 at once: per call)\n")
  console.log("                            success   1,000 at once   rejected   lacks")
  for (const { name, lacks, succeed, together, reject } of figures) {
    const columns = [fixed(succeed).padStart(7), fixed(together).padStart(15), fixed(reject).padStart(10)]
    console.log(`${name.padEnd(27)} ${columns.join(" ")}   ${lacks}`)
  }
}

interface Target {
  readonly name: string
  readonly value: number
  readonly holds: (value: number) => boolean
}

const program = Effect.gen(function* () {
  const guarded = yield* contestants
  const figures = yield* Effect.promise(() => measure(guarded))
  const of = (name: string) => figures.find((each) => each.name.startsWith(name))!
  const [native, kit, composed, cockatiel] = [of("a native"), of("holdfast"), of("Effect"), of("cockatiel")]
  table(figures)
  const http = yield* measureHttp
  yield* Console.log(
    `\nloopback HTTP, client's CPU per request: bare ${fixed(http.bare)}, guarded ${fixed(http.guarded)}\n`
  )

  const targets: ReadonlyArray<Target> = [
    {
      name: "success over a native operation, us (at most 2.5)",
      value: kit.succeed - native.succeed,
      holds: (us) => us <= 2.5
    },
    {
      name: "success, times cheaper than cockatiel (at least 4)",
      value: cockatiel.succeed / kit.succeed,
      holds: (x) => x >= 4
    },
    {
      name: "success, times cheaper than Effect's parts (at least 5)",
      value: composed.succeed / kit.succeed,
      holds: (x) => x >= 5
    },
    { name: "rejected, us (at most 1)", value: kit.reject!, holds: (us) => us <= 1 },
    { name: "rejected, as a share of success (below 1)", value: kit.reject! / kit.succeed, holds: (x) => x < 1 },
    {
      name: "rejected, times cheaper than cockatiel (at least 8)",
      value: cockatiel.reject! / kit.reject!,
      holds: (x) => x >= 8
    },
    { name: "HTTP, times the bare client's CPU (at most 1.2)", value: http.guarded / http.bare, holds: (x) => x <= 1.2 }
  ]
  for (const { name, value, holds } of targets)
    yield* Console.log(`${holds(value) ? "ok    " : "MISSED"} ${name}: ${fixed(value)}`)
  const missed = targets.filter(({ value, holds }) => !holds(value)).map(({ name }) => name)
  yield* Console.log(missed.length === 0 ? "\nall targets reached" : `\nmissed: ${missed.join("; ")}`)
  return missed.length
})

process.exitCode = await program.pipe(
  Effect.scoped,
  Effect.provideService(References.MinimumLogLevel, "None"),
  Effect.map((missed) => (missed === 0 ? 0 : 1)),
  Effect.runPromise
)
