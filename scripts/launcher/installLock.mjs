// One installation at a time in one folder: a lock file that names the processes at work.
// The lock is stale when nobody whom it names is alive any more (npm outlives a launcher that was killed), or, where
// that cannot be seen because it was taken on another machine or in another container, when it has not been
// refreshed for a while. A stale lock is moved aside before it is replaced, so that two finders cannot both have it.

import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { sayWhile } from "./progress.mjs"

const refreshMillis = 1_000
/** Longer than any pause of a machine that is merely busy. */
const staleMillis = 30_000
/** Longer than an npm without its launcher takes; after that the process of that number is another one. */
const longestMillis = 15 * 60_000
const lookAgainMillis = 100

const lockPath = (root) => join(root, ".install.lock")

const content = (pids) => JSON.stringify({ host: hostname(), pids })

/** On Linux a dead process that nobody has waited for still takes signals: in a container it may do so for ever. */
const isZombie = (pid) => {
  const stat = `/proc/${pid}/stat`
  return existsSync(stat) && /\) Z /.test(readFileSync(stat, "utf8"))
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return !isZombie(pid)
  } catch (error) {
    return error.code === "EPERM"
  }
}

const isStale = (path, text) => {
  const silentMillis = Date.now() - statSync(path).mtimeMs
  if (silentMillis > longestMillis) return true
  let holder
  try {
    holder = JSON.parse(text)
  } catch {
    holder = undefined // cut off in the middle of being written: judged by its age
  }
  if (holder !== undefined && holder.host === hostname() && Array.isArray(holder.pids))
    return !holder.pids.some(isAlive)
  return silentMillis > staleMillis
}

const tryToTake = (path) => {
  try {
    writeFileSync(path, content([process.pid]), { flag: "wx" })
    return true
  } catch (error) {
    if (error.code === "EEXIST") return false
    throw error
  }
}

const removeStale = (path) => {
  const aside = `${path}.${process.pid}.stale`
  try {
    const seen = readFileSync(path, "utf8")
    if (!isStale(path, seen)) return
    renameSync(path, aside)
    // Between looking and moving, another finder may have replaced it: then it is not stale, and goes back.
    const moved = readFileSync(aside, "utf8")
    if (moved !== seen) writeFileSync(path, moved, { flag: "wx" })
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Adds npm's process to the lock: it must hold for as long as npm works, even when the launcher is killed. */
export const noteInstaller = (root, pid) => {
  const own = `${lockPath(root)}.${process.pid}`
  writeFileSync(own, content([process.pid, pid]))
  renameSync(own, lockPath(root))
}

const take = async (path) => {
  if (tryToTake(path)) return
  removeStale(path)
  if (tryToTake(path)) return
  const done = sayWhile(
    "another start is installing; waiting for it",
    (seconds) => `still waiting after ${seconds} s …`
  )
  try {
    while (!tryToTake(path)) {
      removeStale(path)
      await sleep(lookAgainMillis)
    }
  } finally {
    done()
  }
}

export const holdingInstallLock = async (root, work) => {
  const path = lockPath(root)
  await take(path)
  const release = () => rmSync(path, { force: true })
  const refresh = setInterval(() => {
    const now = new Date()
    if (existsSync(path)) utimesSync(path, now, now)
  }, refreshMillis)
  process.once("exit", release)
  try {
    return await work()
  } finally {
    clearInterval(refresh)
    process.off("exit", release)
    release()
  }
}
