// Runs `npm ci` for the launcher: development packages included whatever NODE_ENV says, quiet unless it fails.
// npm hands a script its own settings as npm_* variables; an npm inside an npm would take them for the user's, so only
// those that say where packages come from are passed on. npm runs in a process group of its own: an interrupted
// launcher, or one whose parent has gone, ends the whole group, install scripts included.

import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { delimiter, join, resolve } from "node:path"
import { noteInstaller } from "./installLock.mjs"
import { say, sayWhile } from "./progress.mjs"

/** How much of npm's first and of its last words is shown when it fails (characters): its reason is in one of them. */
const shownOfEachEnd = 2_000

const arguments_ = [
  "ci",
  "--include=dev",
  "--include=optional",
  "--package-lock=true",
  "--no-audit",
  "--no-fund",
  "--no-progress",
  "--no-update-notifier",
  "--loglevel=error"
]

const whereFrom =
  /^npm_config_(registry|cache|userconfig|globalconfig|ca|cafile|cert|key|strict[_-]ssl|(https?[_-])?proxy|no[_-]?proxy|maxsockets|fetch[_-].*|prefer[_-].*|offline|@.*|\/\/.*)$/i

/** The environment without npm's own variables, and a PATH on which `npm` and `node` are the machine's. */
export const cleanEnvironment = (root, environment) => {
  const kept = Object.entries(environment).filter(
    ([name]) => name !== "INIT_CWD" && (!/^npm_/i.test(name) || whereFrom.test(name))
  )
  const own = resolve(root, "node_modules")
  const path = (environment["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !resolve(folder).startsWith(own))
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) }
}

const npmCommand = (environment) => {
  const onPath = environment.PATH.split(delimiter).some((folder) => existsSync(join(folder, "npm")))
  const caller = process.env["npm_execpath"] ?? ""
  if (onPath || !caller.endsWith("npm-cli.js")) return { command: "npm", first: [] }
  return { command: process.execPath, first: [caller] }
}

/** How many of the lockfile's packages are unpacked already. */
const unpacked = (root, paths) => paths.filter((path) => existsSync(join(root, path, "package.json"))).length

const failure = (sentence) => Object.assign(new Error(sentence), { sentence: `holdfast: ${sentence}` })

const endGroup = (child, signal) => {
  try {
    process.kill(-child.pid, signal)
  } catch {
    child.kill(signal) // the group is gone already, or was never made
  }
}

/**
 * Ends npm when this launcher is told to stop or loses its parent; the returned function stops watching. Listens before
 * npm is started, so that no signal falls between: it is acted upon when `start` has returned the child.
 */
const endWithLauncher = (start) => {
  const parent = process.ppid
  const stop = (signal) => {
    endGroup(child, "SIGTERM")
    child.once("close", () => process.exit(signal === "SIGINT" ? 130 : 143))
  }
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"]
  for (const signal of signals) process.on(signal, stop)
  const watch = setInterval(() => process.ppid !== parent && stop("SIGTERM"), 500)
  const child = start()
  const unwatch = () => {
    clearInterval(watch)
    for (const signal of signals) process.off(signal, stop)
  }
  return { child, unwatch }
}

const run = (root, onOutput) =>
  new Promise((settle, reject) => {
    const environment = cleanEnvironment(root, process.env)
    const { command, first } = npmCommand(environment)
    const { child, unwatch } = endWithLauncher(() =>
      spawn(command, [...first, ...arguments_], {
        cwd: root,
        env: environment,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true
      })
    )
    child.stdout.on("data", onOutput)
    child.stderr.on("data", onOutput)
    child.on("error", () => {
      unwatch()
      reject(failure("npm was not found: it comes with Node (nodejs.org), and has to be on the PATH."))
    })
    if (child.pid === undefined) return
    noteInstaller(root, child.pid)
    child.on("close", (code) => {
      unwatch()
      settle(code)
    })
  })

export const npmInstall = async (root, line) => {
  const entries = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages ?? {}
  const paths = Object.keys(entries).filter((path) => path !== "" && !entries[path].optional)
  let firstWords = ""
  let lastWords = ""
  const done = sayWhile(line, (seconds) => {
    const count = unpacked(root, paths)
    return count < paths.length
      ? `${count} of ${paths.length} packages after ${seconds} s …`
      : `all packages; Node itself and PostgreSQL are the big ones, ${seconds} s …`
  })
  const listen = (chunk) => {
    const room = shownOfEachEnd - firstWords.length
    firstWords += String(chunk).slice(0, room)
    lastWords = (lastWords + String(chunk).slice(room)).slice(-shownOfEachEnd)
  }
  const code = await run(root, listen).catch((error) => error)
  const seconds = done()
  if (code === 0) return say(`installed in ${seconds} s`)
  if (code instanceof Error) throw code
  process.stderr.write(`${firstWords}${lastWords}\n`)
  const how = code === null ? "was stopped" : `failed with exit code ${code}`
  throw failure(`npm ci ${how}; its words are above. Check the network, then start again.`)
}
