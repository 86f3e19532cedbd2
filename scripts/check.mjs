// The one command that checks all: format, lint, types, Effect's diagnostics, tests; each once, cheapest first.
// It stops at the first step that fails and shows what that step said. The last line is always `N passed, N failed`:
// tests, and a step that failed before them counts as one failure.

import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const reportFolder = mkdtempSync(join(tmpdir(), "holdfast-check-"))
const report = join(reportFolder, "tests.json")

/** Longer than the whole suite may take; a step that hangs is a failure, not a wait. */
const stepMillis = 20 * 60_000

const tool = (...path) => join(root, "node_modules", ...path)

const steps = [
  { name: "format", program: tool("oxfmt", "bin", "oxfmt"), flags: ["--check", "."] },
  { name: "lint", program: tool("oxlint", "bin", "oxlint"), flags: ["--deny-warnings", "."] },
  { name: "types", program: tool("typescript", "bin", "tsc"), flags: ["--noEmit", "--pretty", "false"] },
  {
    name: "effect",
    program: tool("@effect", "tsgo", "dist", "effect-tsgo.cjs"),
    flags: [
      "diagnostics",
      "--project",
      join(root, "tsconfig.json"),
      "--format",
      "text",
      "--strict",
      "--severity",
      "error,warning"
    ]
  },
  {
    name: "tests",
    program: tool("vitest", "vitest.mjs"),
    flags: ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    live: true
  }
]

const run = (step) =>
  new Promise((settle) => {
    const start = performance.now()
    const child = spawn(process.execPath, [step.program, ...step.flags], {
      cwd: root,
      stdio: step.live ? "inherit" : ["ignore", "pipe", "pipe"],
      timeout: stepMillis
    })
    const forward = (signal) => child.kill(signal)
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, forward)
    const said = []
    child.stdout?.on("data", (chunk) => said.push(chunk))
    child.stderr?.on("data", (chunk) => said.push(chunk))
    child.on("error", (error) => said.push(Buffer.from(`${error.message}\n`)))
    child.on("close", (code) => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, forward)
      settle({ ok: code === 0, said: Buffer.concat(said).toString(), seconds: (performance.now() - start) / 1000 })
    })
  })

/** What the tests' own report counted; without a report nothing has passed. */
const counted = () => {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"))
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 } // the run ended before it could write one
  }
}

let failedStep
for (const step of steps) {
  const { ok, said, seconds } = await run(step)
  console.log(`${ok ? "✓" : "✗"} ${step.name.padEnd(8)} ${seconds.toFixed(1)} s`)
  if (ok) continue
  failedStep = step.name
  if (said !== "") console.log(said.trimEnd())
  break
}

const { passed, failed } = counted()
rmSync(reportFolder, { recursive: true, force: true })
console.log(`${passed} passed, ${failedStep === undefined ? failed : Math.max(failed, 1)} failed`)
process.exitCode = failedStep === undefined ? 0 : 1
