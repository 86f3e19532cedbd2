/** The README's calls, run as printed, in order, in one shell, on the real process: the answers are the printed ones. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { root, startShop } from "../main/process.ts"
import { callsOf, isAnswer } from "./readme.ts"

const mark = "=== the next call ==="

describe("the README's calls", () => {
  it.live(
    "answer as printed",
    () =>
      Effect.gen(function* () {
        const DATA_DIR = yield* temporaryFolder
        const shop = yield* startShop({ env: { DATA_DIR } })
        const { sandboxUrl, url } = yield* shop.ready
        const calls = callsOf(readFileSync(path.join(root, "README.md"), "utf8"))
        assert.isAbove(calls.length, 3)
        const script = calls
          .map(({ command }) => command)
          .join(`\necho; echo '${mark}'\n`)
          .replaceAll("localhost:3000", url)
          .replaceAll("localhost:3002", sandboxUrl)
          .replaceAll(".data/", `${DATA_DIR}/`)
        const { stdout } = spawnSync("sh", ["-c", script], { encoding: "utf8", timeout: 60_000 })
        const answers = stdout.split(mark)
        for (const [index, { answer, line }] of calls.entries()) {
          if (answer === undefined) continue
          assert.isTrue(isAnswer(answer, answers[index] ?? ""), `line ${line} answers ${answers[index]}`)
        }
      }),
    90_000
  )
})
