// The one command that checks all: format, lint, types, Effect's diagnostics, tests, and the operators' page in a browser
// (a minute, at most a minute and a half; where there is no browser it says so and passes); each once, cheapest first.
// It stops at the first step that fails and shows what that step said. The last line is always `N passed, N failed`:
// tests, and a step that failed before them counts as one failure.
//
// The suite drives real processes on whatever machine this is, so a test can fail by its moment. A few files with
// failures, or the browser's story, are therefore run again, alone, and have to pass three times in a row: then what failed
// was unsteady and is named as that; otherwise it is broken. What is named has a race that somebody has to find.

import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const reportFolder = mkdtempSync(join(tmpdir(), "holdfast-check-"))
const report = join(reportFolder, "tests.json")

/** More failed files than these are not a matter of moments. */
const maximumUnsteadyFiles = 3
const runsToPass = 3

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
  },
  { name: "browser", program: join(root, "test", "browser", "main.ts"), flags: [], live: true }
]

const suite = steps.find(({ name }) => name === "tests")
const story = steps.find(({ name }) => name === "browser")

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

/** What the tests' own report says; without a report nothing has passed. */
const reported = () => {
  try {
    return JSON.parse(readFileSync(report, "utf8"))
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] } // the run ended before it could write one
  }
}

const passesEveryTime = async (step, what) => {
  for (let round = 1; round <= runsToPass; round++) {
    console.log(`again, alone (${round} of ${runsToPass}): ${what}`)
    if (!(await run(step)).ok) return false
  }
  return true
}

/** What failed, by name, when its files, run alone, pass every time. */
const unsteadyTests = async ({ testResults }) => {
  const files = testResults.filter(({ status }) => status === "failed").map(({ name }) => name)
  if (files.length === 0 || files.length > maximumUnsteadyFiles) return []
  const alone = { ...suite, flags: ["run", "--no-file-parallelism", ...files] }
  if (!(await passesEveryTime(alone, files.map((file) => relative(root, file)).join(", ")))) return []
  return testResults
    .filter(({ name }) => files.includes(name))
    .flatMap(({ assertionResults, name }) => {
      const failed = assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName)
      return failed.length > 0 ? failed : [relative(root, name)] // a file may fail before its first test
    })
}

/** What a failed step has that is only unsteady; nothing, when something of it is broken. */
const onlyUnsteady = async (step) => {
  if (step === suite) return unsteadyTests(reported())
  if (step === story && (await passesEveryTime(story, "the browser's story"))) return ["the browser's story"]
  return []
}

let failedStep
const unsteady = []
for (const step of steps) {
  const { ok, said, seconds } = await run(step)
  console.log(`${ok ? "✓" : "✗"} ${step.name.padEnd(8)} ${seconds.toFixed(1)} s`)
  if (ok) continue
  const found = await onlyUnsteady(step)
  unsteady.push(...found)
  if (found.length > 0) continue
  failedStep = step
  if (said !== "") console.log(said.trimEnd())
  break
}

const { numFailedTests, numPassedTests } = reported()
for (const name of unsteady) console.log(`unsteady: ${name}`)
rmSync(reportFolder, { recursive: true, force: true })
console.log(
  failedStep === undefined
    ? `${numPassedTests + numFailedTests} passed, 0 failed`
    : `${numPassedTests} passed, ${Math.max(numFailedTests, 1)} failed`
)
process.exitCode = failedStep === undefined ? 0 : 1
