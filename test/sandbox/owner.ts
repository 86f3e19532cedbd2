/** A process that owns a sandbox: prints its pid and waits to be killed. */
import { Effect } from "effect"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"

const program = Effect.gen(function* () {
  const sandbox = yield* Sandbox
  process.stdout.write(`${yield* sandbox.pid}\n`)
  return yield* Effect.never
}).pipe(Effect.provide(Sandbox.layer({ dataDir: process.argv[2] ?? "", port: 0 })))

Effect.runFork(program)
