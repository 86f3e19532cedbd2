/** The distribution's `redis-server`, which as root may still be had where it is not: whoever needs it asks for it. */
import { spawnSync } from "node:child_process"

export const isInstalled = () => spawnSync("redis-server", ["--version"]).status === 0

/** A machine without a network is not waited for. */
const installsWithinMillis = 60_000
/** Who else is installing something at this moment is waited for. */
const apt = ["-y", "-o", "DPkg::Lock::Timeout=45", "-o", "Acquire::Retries=0"]
const aptGet = (...words: ReadonlyArray<string>) =>
  spawnSync("apt-get", [...apt, ...words], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: "ignore",
    timeout: installsWithinMillis
  })

/** Whether it is there now. A fresh machine may not know yet what there is to install. */
export const installed = (): boolean => {
  if (isInstalled()) return true
  if (process.getuid?.() !== 0) return false
  aptGet("install", "redis-server")
  if (isInstalled()) return true
  aptGet("update")
  aptGet("install", "redis-server")
  return isInstalled()
}
