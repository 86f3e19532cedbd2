/** The real shop as a process, with a database of its own and without a worker: only the door is measured. */
import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "../..")

export interface RunningShop {
  readonly url: string
  readonly port: number
  /** Of the node itself; the database's processes are not in it. */
  readonly rssMegabytes: () => number
  readonly stop: () => Promise<void>
}

export const startShop = async (): Promise<RunningShop> => {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "holdfast-overload-"))
  const { HOME = "", PATH = "" } = process.env
  const child = spawn(process.execPath, ["src/main.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "ignore"],
    env: {
      HOME,
      PATH,
      DATA_DIR: dataDir,
      ROLE: "api",
      PORT: "0",
      OPS_PORT: "0",
      SANDBOX_PORT: "0",
      RATE_LIMITS: "off",
      STRIPE_API_BASE: "http://127.0.0.1:1",
      STRIPE_SECRET_KEY: "unused",
      STRIPE_WEBHOOK_SECRET: "unused"
    }
  })
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    let said = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 100_000) said += text
      const found = /"message":"ready","url":"([^"]+)"/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once("close", () => reject(new Error(`the shop did not start:\n${said}`)))
  })
  return {
    url,
    port: Number(new URL(url).port),
    rssMegabytes: () => Number(execFileSync("ps", ["-o", "rss=", "-p", String(child.pid)]).toString()) / 1024,
    stop: async () => {
      child.kill("SIGTERM")
      await ended
      fs.rmSync(dataDir, { recursive: true, force: true })
    }
  }
}

/** Somebody who may order. */
export const customerOf = async (url: string): Promise<string> => {
  const account = { email: `buyer-${process.pid}@example.com`, password: "a password of a buyer" }
  const post = async (to: string, body: object) => {
    const answer = await fetch(`${url}${to}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body)
    })
    if (!answer.ok) throw new Error(`${to} answered ${answer.status}`)
    return (await answer.json()) as { readonly token: string }
  }
  await post("/v1/users", { ...account, name: "A Buyer" })
  return `Bearer ${(await post("/v1/sessions", account)).token}`
}
