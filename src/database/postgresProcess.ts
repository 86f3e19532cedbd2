/**
 * One running PostgreSQL server: started in a session of its own, so that Ctrl-C in the terminal reaches only this
 * process, and ended by a watchdog when this process goes, however it goes.
 *
 * The watchdog is a few lines of `sh` holding one end of a pipe: when this process ends, kill -9 included, the read
 * returns, and the server gets SIGINT (it rolls back, writes a checkpoint, exits), then SIGQUIT, then SIGKILL.
 * Stopping on purpose closes the same pipe, so that there is one way down and it is the one that always runs.
 */
import { spawn, type ChildProcess } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { Effect, type Scope } from "effect"
import { EmbeddedPostgresFailed } from "./errors.ts"
import type { PostgresBinaries } from "./postgresBinaries.ts"

/** Recovery after a crash replays the write-ahead log; a development database needs far less. */
const readyWithin = "30 seconds"
const readyPollMillis = 15
/** One that follows another takes readers only. */
const readyLine = /ready to accept (?:read-only )?connections/

/**
 * Tenths of a second: 5 s for the checkpoint of a fast shutdown, then 2 s for an immediate one.
 * Processes that somebody stopped with SIGSTOP are continued first: they would outlive their server.
 */
const watchdog = `
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
( read line <&3
  kill -INT $server
  n=0
  while kill -0 $server 2>/dev/null; do
    n=$((n+1))
    if [ $n -eq 50 ]; then
      kill -QUIT $server
      kill -CONT $server $(cat /proc/$server/task/$server/children 2>/dev/null)
    fi
    if [ $n -eq 70 ]; then kill -KILL $server; fi
    sleep 0.1
  done ) 3<&3 &
watch=$!
exec 3<&-
wait $server
code=$?
kill $watch 2>/dev/null
exit $code
`

export interface PostgresCommand {
  readonly binaries: PostgresBinaries
  readonly dataDirectory: string
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
}

const logOf = (dataDirectory: string) => path.join(dataDirectory, "server.log")

const openLog = (dataDirectory: string): number => {
  const log = logOf(dataDirectory)
  if (fs.existsSync(log)) fs.renameSync(log, `${log}.1`)
  return fs.openSync(log, "a+", 0o600)
}

const readLog = (fd: number): string => {
  const buffer = Buffer.alloc(64 * 1024)
  return buffer.toString("utf8", 0, fs.readSync(fd, buffer, 0, buffer.length, 0))
}

const spawnServer = ({ binaries, dataDirectory, port, settings }: PostgresCommand, log: number): ChildProcess =>
  spawn(
    "/bin/sh",
    [
      "-c",
      watchdog,
      "holdfast-postgres",
      path.join(binaries.bin, "postgres"),
      "-D",
      dataDirectory,
      ...Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    ],
    { ...binaries.runAs, cwd: "/", detached: true, stdio: ["pipe", log, log] }
  )

const exited = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const done = () => resume(Effect.void)
    if (child.exitCode !== null || child.signalCode !== null) return done()
    child.once("exit", done)
    return Effect.sync(() => child.off("exit", done))
  })

const stop = (child: ChildProcess): Effect.Effect<void> =>
  Effect.suspend(() => {
    child.stdin?.destroy()
    return exited(child)
  })

const notStarted = (log: string): EmbeddedPostgresFailed => {
  const last = /(?:FATAL|PANIC):\s+(.*)/.exec(log)?.[1] ?? "it gave no reason"
  return new EmbeddedPostgresFailed({
    reason: "not_started",
    message: `The embedded PostgreSQL did not start: ${last}. Its log is server.log in its data directory.`
  })
}

const untilReady = (child: ChildProcess, log: number): Effect.Effect<void, EmbeddedPostgresFailed> => {
  const ready = Effect.gen(function* () {
    while (!readyLine.test(readLog(log))) yield* Effect.sleep(readyPollMillis)
  })
  return ready.pipe(
    Effect.raceFirst(
      Effect.andThen(
        exited(child),
        Effect.suspend(() => Effect.fail(notStarted(readLog(log))))
      )
    ),
    Effect.timeoutOrElse({ duration: readyWithin, orElse: () => Effect.fail(notStarted(readLog(log))) })
  )
}

/** Ready when it returns, gone when the scope has closed. */
export const runPostgres = Effect.fnUntraced(function* (
  command: PostgresCommand
): Effect.fn.Return<void, EmbeddedPostgresFailed, Scope.Scope> {
  const log = yield* Effect.acquireRelease(
    Effect.sync(() => openLog(command.dataDirectory)),
    (fd) => Effect.sync(() => fs.closeSync(fd))
  )
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawnServer(command, log)),
    stop
  )
  yield* untilReady(child, log)
})
