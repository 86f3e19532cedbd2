/**
 * One life of the sandbox's process, from its spawn to its end.
 *
 * It runs on this Node, in a session of its own so that Ctrl-C in the terminal reaches the app first, with an empty
 * environment so that it sees none of the app's secrets, and on a pipe for standard input: the pipe closes with this
 * process however this ends, and the sandbox ends with the pipe.
 */
import { Deferred, Effect, Schema } from "effect"
import type { Scope } from "effect"
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { SandboxNotStarted } from "./errors.ts"

/** The exit code (null when a signal ended it) and the last that it said on standard error. */
export interface SandboxEnd {
  readonly exitCode: number | null
  readonly said: string
}

export interface SandboxProcess {
  readonly pid: number
  readonly port: number
  readonly ended: Effect.Effect<SandboxEnd>
}

export interface SandboxOptions {
  readonly dataDir: string
  /** 0 takes a free one. */
  readonly port: number
}

/** It is ready in under a second; the rest is for a machine that does much else, and for an owner that is just ending. */
const readyWithin = "20 seconds"
/** Everything promised is on disk already, so a slow end is not worth waiting for. */
const endsWithin = "2 seconds"
/** What it says is kept for the log: a message and its cause. */
const saidLimit = 4096

const ReadyLine = Schema.fromJsonString(Schema.Struct({ ready: Schema.Literal(true), port: Schema.Int }))

export const startSandbox = Effect.fnUntraced(function* (
  options: SandboxOptions
): Effect.fn.Return<SandboxProcess, SandboxNotStarted, Scope.Scope> {
  const ready = yield* Deferred.make<number, SandboxNotStarted>()
  const ended = yield* Deferred.make<SandboxEnd>()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawned(options, ready, ended)),
    (child) => stop(child, ended)
  )
  const port = yield* Deferred.await(ready).pipe(
    Effect.timeoutOrElse({
      duration: readyWithin,
      orElse: () => Effect.fail(new SandboxNotStarted({ reason: "silent", exitCode: null }))
    })
  )
  return { pid: child.pid ?? 0, port, ended: Deferred.await(ended) }
})

const spawned = (
  { dataDir, port }: SandboxOptions,
  ready: Deferred.Deferred<number, SandboxNotStarted>,
  ended: Deferred.Deferred<SandboxEnd>
) => {
  const entry = fileURLToPath(new URL("./main.ts", import.meta.url))
  const child = spawn(process.execPath, [entry, "--data-dir", dataDir, "--port", String(port)], {
    detached: true,
    env: {},
    stdio: ["pipe", "pipe", "pipe"]
  })
  let heard = ""
  let said = ""
  const end = (reason: "exited" | "not_spawned", exitCode: number | null) => {
    Deferred.doneUnsafe(ready, Effect.fail(new SandboxNotStarted({ reason, exitCode })))
    Deferred.doneUnsafe(ended, Effect.succeed({ exitCode, said }))
  }
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (Deferred.isDoneUnsafe(ready)) return
    heard += text
    const line = heard.indexOf("\n")
    if (line < 0) return
    Deferred.doneUnsafe(ready, readPort(heard.slice(0, line)))
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-saidLimit)
  })
  child.stdin.on("error", () => {}) // it is gone; its end is told by "close"
  child.on("error", () => end("not_spawned", null))
  child.on("close", (exitCode) => end("exited", exitCode))
  return child
}

const readPort = (line: string) =>
  Schema.decodeEffect(ReadyLine)(line).pipe(
    Effect.map(({ port }) => port),
    Effect.mapError(() => new SandboxNotStarted({ reason: "silent", exitCode: null }))
  )

const stop = (child: ChildProcess, ended: Deferred.Deferred<SandboxEnd>) =>
  Effect.suspend(() => {
    child.stdin?.end()
    child.kill("SIGTERM")
    return Deferred.await(ended)
  }).pipe(
    Effect.timeoutOrElse({
      duration: endsWithin,
      orElse: () =>
        Effect.andThen(
          Effect.sync(() => child.kill("SIGKILL")),
          Deferred.await(ended)
        )
    })
  )
