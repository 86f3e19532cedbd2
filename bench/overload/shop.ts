/** The real shop as a process, as `npm start` runs it but for the limits per client: with a database and providers of its own. */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "../..")

export interface RunningShop {
  readonly url: string
  readonly port: number
  readonly opsUrl: string
  readonly dataDir: string
  /** Of the node itself, in megabytes; the database's and the providers' processes are not in it. */
  readonly rss: () => number
  /** Seconds of processor time that the node has used so far. */
  readonly cpu: () => number
  /** Seconds that its event loop has used of them: of what a node has one of, and what it runs out of first. */
  readonly loopCpu: () => number
  readonly stop: () => Promise<void>
}

/** Where there is no /proc, what is read from it is not known (NaN), and not judged. */
const read = (file: string): string => {
  try {
    return fs.readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
/** The kernel counts processor time in hundredths of a second. */
const ticksPerSecond = 100

export const startShop = async (
  role: string,
  settings: Readonly<Record<string, string>> = {}
): Promise<RunningShop> => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-overload-"))
  const { HOME = "", NODE_OPTIONS = "", PATH = "" } = process.env
  const child = spawn(process.execPath, ["--max-semi-space-size=16", "src/main.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
    env: {
      HOME,
      NODE_OPTIONS,
      PATH,
      // As `npm start` and the Dockerfile set it.
      MALLOC_MMAP_THRESHOLD_: "1048576",
      DATA_DIR: dataDir,
      ROLE: role,
      PORT: "0",
      OPS_PORT: "0",
      SANDBOX_PORT: "0",
      RATE_LIMITS: "off",
      ...settings
    }
  })
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const [url, opsUrl] = await new Promise<readonly [string, string]>((resolve, reject) => {
    let said = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 100_000) said += text
      const [, found, ops = ""] = /"message":"ready","url":"([^"]+)".*?"ops_url":"([^"]+)"/.exec(said) ?? []
      if (found !== undefined) resolve([found, ops])
    })
    child.once("close", () => reject(new Error(`the shop did not start:\n${said}`)))
  })
  return {
    url,
    port: Number(new URL(url).port),
    opsUrl,
    dataDir,
    rss: () => Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${child.pid}/status`))?.[1] ?? Number.NaN) / 1024,
    cpu: () => {
      const fields = read(`/proc/${child.pid}/stat`).split(") ")[1]?.split(" ") ?? []
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    },
    loopCpu: () => Number.parseFloat(read(`/proc/${child.pid}/task/${child.pid}/schedstat`)) / 1e9,
    stop: async () => {
      child.kill("SIGTERM")
      await ended
      fs.rmSync(dataDir, { recursive: true, force: true })
    }
  }
}
