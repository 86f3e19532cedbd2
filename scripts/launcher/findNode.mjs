// Finds a Node that is new enough: the one that runs this, else the npm package's, else another one on PATH.
// A candidate counts only after it has run and said its version: a binary of another platform, or a placeholder that a
// blocked install script left behind, is passed over.

import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { delimiter, isAbsolute, join } from "node:path"

/** `node:crypto` has argon2 from 24.7 on. */
export const minimum = "24.7"

/** A binary that does not say its version within this time (ms) is not the one; the slowest seen took 400. */
const answerWithin = 10_000

export const isNewEnough = (version) => {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number)
  const [leastMajor, leastMinor] = minimum.split(".").map(Number)
  return major > leastMajor || (major === leastMajor && minor >= leastMinor)
}

const versionOf = (binary) => {
  const said = spawnSync(binary, ["--version"], { encoding: "utf8", timeout: answerWithin })
  return said.status === 0 && /^v\d+\.\d+\.\d+\s*$/.test(said.stdout) ? said.stdout.trim() : undefined
}

/** Where the npm package puts its binary, and where npm leaves it when the script that links it was blocked. */
const packaged = (root) => {
  const modules = join(root, "node_modules")
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"
  const platform = `${prefix}-${process.platform}-${process.arch}`
  return [
    join(modules, "node", "bin", "node"),
    join(modules, "node", "node_modules", platform, "bin", "node"),
    join(modules, platform, "bin", "node")
  ]
}

/** The absolute path of a Node that fits, or undefined. */
export const findNode = (
  root,
  running = { version: process.versions.node, execPath: process.execPath },
  path = process.env["PATH"] ?? ""
) => {
  if (isNewEnough(running.version)) return running.execPath
  const onPath = path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, "node"))
  return [...packaged(root), ...onPath].find((binary) => {
    if (!existsSync(binary)) return false
    const version = versionOf(binary)
    return version !== undefined && isNewEnough(version)
  })
}
