/**
 * A package in a temporary folder with the real launcher, the real npm scripts and an npm of its own that installs nothing:
 * it writes what npm would write, notes how it was called, and waits where a test wants to look.
 * The folder's name has a space in it, because a person's may.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import packageJson from "../../package.json" with { type: "json" }

const root = resolve(import.meta.dirname, "../..")

/** What the fake npm does; `hold` makes it wait for a file named `go`, `fail` makes it end with an error. */
const npmScript = `#!/bin/sh
echo "$*" >> calls
env > environment
echo $$ > npm-pid
[ -e fail ] && { echo "npm error code ETARGET"; exit 7; }
while [ -e hold ] && [ ! -e go ]; do sleep 0.02; done
rm -rf node_modules
mkdir -p node_modules/node/bin
[ -e blocked ] || ln -s "$REAL_NODE" node_modules/node/bin/node
cp package-lock.json node_modules/.package-lock.json
`

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Settles when stdout and stderr together contain the text. */
  readonly says: (text: string) => Promise<void>
}

const follow = (child: ChildProcess): Running => {
  let stdout = ""
  let stderr = ""
  const waiting = new Map<string, () => void>()
  const look = () => waiting.forEach((found, text) => `${stdout}${stderr}`.includes(text) && found())
  child.stdout?.on("data", (chunk) => ((stdout += chunk), look()))
  child.stderr?.on("data", (chunk) => ((stderr += chunk), look()))
  return {
    child,
    ended: new Promise((settle) => child.on("close", (code, signal) => settle({ code, signal, stdout, stderr }))),
    says: (text) => new Promise((found) => (waiting.set(text, found), look()))
  }
}

export const lockfile = (version: string) => ({
  lockfileVersion: 3,
  packages: {
    "": { name: "fake" },
    "node_modules/node": { version, integrity: `sha512-${version}` },
    "node_modules/tester": { version: "1.0.0", integrity: "sha512-t", dev: true }
  }
})

export class FakePackage {
  readonly root = join(mkdtempSync(join(tmpdir(), "holdfast-launcher-")), "a folder")
  readonly bin = join(this.root, "..", "bin")

  constructor() {
    mkdirSync(join(this.root, "src"), { recursive: true })
    mkdirSync(this.bin)
    cpSync(join(root, "scripts"), join(this.root, "scripts"), { recursive: true })
    this.write("package.json", { type: "module" })
    this.write("package-lock.json", lockfile("24.21.0"))
    this.write("../bin/npm", npmScript)
    chmodSync(join(this.bin, "npm"), 0o755)
  }

  write(path: string, content: string | object = "") {
    writeFileSync(join(this.root, path), typeof content === "string" ? content : JSON.stringify(content))
  }
  read(path: string) {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), "utf8") : ""
  }
  remove(path: string) {
    rmSync(join(this.root, path), { recursive: true, force: true })
  }
  /** How often npm was called. */
  get installations() {
    return this.read("calls").split("\n").filter(Boolean).length
  }

  private environment(extra: Record<string, string> = {}) {
    return { PATH: `${this.bin}:/usr/bin:/bin`, REAL_NODE: process.execPath, HOME: this.root, ...extra }
  }
  launch(extra: Record<string, string> = {}, flags: ReadonlyArray<string> = []) {
    const child = spawn(process.execPath, [...flags, "scripts/node.mjs"], {
      cwd: this.root,
      env: this.environment(extra)
    })
    return follow(child)
  }
  /** Runs one of package.json's scripts the way npm does: its line, through sh. */
  script(name: keyof typeof packageJson.scripts) {
    const env = this.environment({ PATH: `${join(process.execPath, "..")}:${this.bin}:/usr/bin:/bin` })
    return follow(spawn("sh", ["-c", packageJson.scripts[name]], { cwd: this.root, env }))
  }

  [Symbol.dispose]() {
    rmSync(join(this.root, ".."), { recursive: true, force: true })
  }
}
