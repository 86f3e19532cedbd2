/** The operators' commands as they are typed, each a process of its own: `npm run ops -- <words>`, without npm. */
import { execFile } from "node:child_process"
import { Effect } from "effect"
import { Door } from "../http/door.ts"

export interface Ran {
  readonly code: number
  /** On both outputs. */
  readonly said: string
}

/** Against the door, unless there is a `url`. */
export const ops = (words: string | ReadonlyArray<string>, token = "token-of-ada", url?: string) =>
  Effect.flatMap(Door, ({ port }) =>
    Effect.callback<Ran>((resume) => {
      const env = {
        PATH: process.env["PATH"],
        OPS_URL: url ?? `http://127.0.0.1:${port}`,
        OPS_TOKEN: token,
        NO_COLOR: "1"
      }
      const child = execFile(
        process.execPath,
        ["src/ops/cli/main.ts", ...(typeof words === "string" ? words.split(" ") : words)],
        { env, timeout: 15_000 },
        (error, stdout, stderr) =>
          resume(Effect.succeed({ code: error === null ? 0 : Number(error.code ?? -1), said: stdout + stderr }))
      )
      return Effect.sync(() => child.kill("SIGKILL"))
    })
  )
