/**
 * The real shop as a process of its own, as `npm start` runs it: settings in, log lines and an exit code out.
 *
 * It gets a clean environment and free ports, and belongs to a process group of its own, as in a terminal of its own.
 * It ends with the test's scope, with everything that it started, however the test went; and, being told that npm
 * started it, it also ends when the test runner is killed.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as path from "node:path"
import { Deferred, Effect, Result } from "effect"
import { type Proc, familyOf, killAll, stillThere } from "./processTree.ts"

export type Line = { readonly level: string; readonly message: string } & Readonly<Record<string, unknown>>

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it logged, in order. */
  readonly lines: ReadonlyArray<Line>
  /** Everything that it said, on both outputs. */
  readonly said: string
  /** From the spawn to the end. */
  readonly millis: number
}

export interface Ready {
  readonly url: string
  /** Where operators look. */
  readonly opsUrl: string
  /** The payment provider that stands in; empty when there is a real one. */
  readonly sandboxUrl: string
  /** The operators' page; outside of production, a link that signs in once. */
  readonly operatorsUrl: string
  /** From the spawn to the first moment at which it takes requests. */
  readonly millis: number
}

export interface Shop {
  readonly pid: number
  readonly ready: Effect.Effect<Ready>
  readonly ended: Effect.Effect<Ended>
  /** The lines until now. */
  readonly lines: Effect.Effect<ReadonlyArray<Line>>
  /** It and everything that it has started. */
  readonly family: Effect.Effect<ReadonlyArray<Proc>>
  /** Whether anybody reads what it says on its standard output; somebody does, until told otherwise. */
  readonly heard: (heard: boolean) => Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals, to?: "process" | "group") => Effect.Effect<void>
}

export type Environment = Readonly<Record<string, string>>

/** A provider elsewhere, where nobody is: for tests without payments and mails, which need no sandbox then. */
export const otherProvider: Environment = {
  STRIPE_API_BASE: "http://127.0.0.1:1",
  STRIPE_SECRET_KEY: "unused",
  STRIPE_WEBHOOK_SECRET: "unused",
  RESEND_API_BASE: "http://127.0.0.1:1",
  RESEND_API_KEY: "unused",
  EMAIL_FROM: "shop@example.com",
  RECOMMENDATIONS_URL: "http://127.0.0.1:1",
  ANALYTICS_URL: "http://127.0.0.1:1"
}

export const root = path.resolve(import.meta.dirname, "../..")

/** A start takes a second or two; the rest is for a machine that does much else. */
const startsWithin = "30 seconds"
const endsWithin = "30 seconds"

/** As in `npm start` and the Dockerfile. */
export const nodeFlags = ["--max-semi-space-size=16"]
const inherited = ["PATH", "HOME", "TMPDIR"]
const environment = (given: Environment) => ({
  ...Object.fromEntries(
    inherited.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  ),
  // Compiled once a run instead of once a start: half of what a start costs.
  NODE_COMPILE_CACHE: path.join(root, "node_modules/.cache/holdfast-test"),
  npm_lifecycle_event: "start",
  MALLOC_MMAP_THRESHOLD_: "1048576",
  PORT: "0",
  OPS_PORT: "0",
  SANDBOX_PORT: "0",
  // A test's customers all come from one address.
  ...(given["NODE_ENV"] === "production" ? {} : { RATE_LIMITS: "off" }),
  ...given
})

const parse = (text: string): ReadonlyArray<Line> =>
  text.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Line] : []))

interface Start {
  readonly env: Environment
  /** Default: `node src/main.ts`. */
  readonly command?: readonly [program: string, ...args: ReadonlyArray<string>]
}

const spawned = ({ command, env }: Start, ready: Deferred.Deferred<Ready>, ended: Deferred.Deferred<Ended>) => {
  const [program, ...args] = command ?? [process.execPath, ...nodeFlags, "src/main.ts"]
  const began = performance.now()
  const child = spawn(program, args, {
    cwd: root,
    env: environment(env),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  let errors = ""
  let readyMillis = 0
  const announce = () => {
    const line = /^.*"message":"ready".*\n/m.exec(output)?.[0]
    if (line === undefined) return
    const { ops_url: opsUrl, url } = JSON.parse(line) as { readonly ops_url: string; readonly url: string }
    readyMillis ||= performance.now() - began
    const welcomed = errors.includes("Stop it with Ctrl-C") || env["NODE_ENV"] === "production"
    const sandboxUrl = /(\S+)\/_sandbox\/ledger/.exec(errors)?.[1] ?? ""
    const operatorsUrl = /operators (\S+)/.exec(errors)?.[1] ?? ""
    if (welcomed)
      Deferred.doneUnsafe(ready, Effect.succeed({ url, opsUrl, sandboxUrl, operatorsUrl, millis: readyMillis }))
  }
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
    announce()
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text
    announce()
  })
  child.once("close", (code, signal) => {
    const end = { code, signal, lines: parse(output), said: output + errors, millis: performance.now() - began }
    Deferred.doneUnsafe(ended, Effect.succeed(end))
    Deferred.doneUnsafe(
      ready,
      Effect.die(new Error(`it ended with ${code ?? signal} and was never ready:\n${end.said}`))
    )
  })
  return { child, lines: () => parse(output), said: () => output + errors }
}

/** Whatever a killed process leaves behind ends by itself within seconds; what does not is ended here. */
const removed = (child: ChildProcess, known: () => ReadonlyArray<Proc>) =>
  Effect.gen(function* () {
    const all = [...known(), ...familyOf(child.pid ?? 0)]
    child.kill("SIGKILL")
    yield* killAll(yield* stillThere(all, "10 seconds"))
  })

/** Started when it returns; `ready` or `ended` come later. */
export const startShop = Effect.fnUntraced(function* (start: Start) {
  const ready = yield* Deferred.make<Ready>()
  const ended = yield* Deferred.make<Ended>()
  let known: ReadonlyArray<Proc> = []
  const { child, lines, said } = yield* Effect.acquireRelease(
    Effect.sync(() => spawned(start, ready, ended)),
    ({ child }) => removed(child, () => known)
  )
  const pid = child.pid ?? 0
  const bounded = <A>(event: Deferred.Deferred<A>, within: typeof startsWithin, what: string) =>
    Effect.timeoutOrElse(Deferred.await(event), {
      duration: within,
      orElse: () => Effect.die(new Error(`not ${what} after ${within}:\n${said()}`))
    })
  const family = Effect.sync(() => {
    known = familyOf(pid)
    return known
  })
  const shop: Shop = {
    pid,
    ready: Effect.tap(bounded(ready, startsWithin, "ready"), family),
    ended: bounded(ended, endsWithin, "ended"),
    lines: Effect.sync(lines),
    family,
    heard: (heard) => Effect.sync(() => void (heard ? child.stdout.resume() : child.stdout.pause())),
    signal: (signal, to = "process") =>
      Effect.sync(() => void Result.try(() => process.kill(to === "group" ? -pid : pid, signal)))
  }
  return shop
})
