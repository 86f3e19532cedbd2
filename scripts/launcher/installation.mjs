// Decides whether node_modules is what package-lock.json asks for, and has npm install it when it is not.
// A stamp inside node_modules names the lockfile and npm's own record that it was written for, so a start that has
// nothing to install reads two small files and is silent. An installation made by hand is accepted when npm's record
// covers the lockfile. Two launchers at once take turns; the second finds the first one's work.

import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { holdingInstallLock } from "./installLock.mjs"
import { npmInstall } from "./npmInstall.mjs"

/** A failure that is told in one sentence. */
export class Unlaunchable extends Error {
  constructor(sentence) {
    super(sentence)
    this.sentence = sentence
  }
}

const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "")
const hash = (text) => createHash("sha256").update(text).digest("hex")
const parse = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return {} // half-written: treated like absent, so the installation is made again
  }
}

const lockfile = (root) => read(join(root, "package-lock.json"))
/** What npm wrote down when it finished; it is gone while npm is at work. */
const record = (root) => read(join(root, "node_modules", ".package-lock.json"))
const stampPath = (root) => join(root, "node_modules", ".holdfast-installed.json")

const stampFor = (root) =>
  JSON.stringify({
    lockfile: hash(lockfile(root)),
    installed: hash(record(root)),
    platform: `${process.platform}-${process.arch}`
  })

/** Scripts that run in production on an installation made with `npm ci --omit=dev`. */
const runsWithoutDevelopmentPackages = () =>
  process.env["NODE_ENV"] === "production" && ["start", "migrate"].includes(process.env["npm_lifecycle_event"] ?? "")

/** Whether npm's record holds every package of the lockfile that this machine cannot do without. */
const coversLockfile = (root) => {
  const wanted = parse(lockfile(root)).packages ?? {}
  const installed = parse(record(root)).packages ?? {}
  const withoutDevelopment = runsWithoutDevelopmentPackages()
  const needed = Object.entries(wanted).filter(
    ([path, entry]) => path !== "" && !entry.optional && !entry.devOptional && !(withoutDevelopment && entry.dev)
  )
  return (
    needed.length > 0 &&
    needed.every(
      ([path, entry]) => installed[path]?.version === entry.version && installed[path]?.integrity === entry.integrity
    )
  )
}

const whyToInstall = (root) => {
  if (lockfile(root) === "") throw new Unlaunchable("package-lock.json is missing: restore it from the repository.")
  const stamp = read(stampPath(root))
  if (stamp === stampFor(root)) return undefined
  if (record(root) === "") return "first start"
  const elsewhere = stamp !== "" && parse(stamp).platform !== parse(stampFor(root)).platform
  if (elsewhere) return "node_modules was made on another platform"
  return coversLockfile(root) ? undefined : "package-lock.json has changed"
}

const install = async (root, why) => {
  const packages = Object.values(parse(lockfile(root)).packages ?? {}).filter((entry) => !entry.optional).length - 1
  await npmInstall(root, `${why}: installing ${packages} packages, Node among them; about a minute on a slow line`)
  writeFileSync(stampPath(root), stampFor(root))
}

/** Answers whether something had to be installed. */
export const ensureInstalled = async (root) => {
  if (whyToInstall(root) === undefined) return false
  return holdingInstallLock(root, async () => {
    const why = whyToInstall(root) // another launcher may have done it while this one waited
    if (why === undefined) return false
    await install(root, why)
    return true
  })
}

export const reinstall = (root, why) => holdingInstallLock(root, () => install(root, why))
