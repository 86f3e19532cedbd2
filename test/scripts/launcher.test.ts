/** The launcher, on real processes: what a newcomer sees, what npm is told, and who gets a signal. */
import { describe, expect, it } from "@effect/vitest"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { FakePackage, lockfile } from "./fakePackage.ts"

interface FindNode {
  readonly isNewEnough: (version: string) => boolean
  readonly findNode: (
    root: string,
    running: { readonly version: string; readonly execPath: string },
    path: string
  ) => string | undefined
}
const { findNode, isNewEnough }: FindNode = await import(
  pathToFileURL(resolve(import.meta.dirname, "../../scripts/launcher/findNode.mjs")).href
)

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe("a first start", () => {
  it("says that it installs, and prints the path of a Node as its only line of output", async () => {
    using fake = new FakePackage()
    const { code, stdout, stderr } = await fake.launch().ended
    expect(code).toBe(0)
    expect(stdout).toBe(`${process.execPath}\n`)
    expect(stderr).toMatch(/holdfast: first start: installing 2 packages/)
    expect(stderr).toMatch(/holdfast: installed in \d+ s/)
  })

  it("includes development packages under NODE_ENV=production", async () => {
    using fake = new FakePackage()
    await fake.launch({ NODE_ENV: "production", npm_config_omit: "dev" }).ended
    expect(fake.read("calls")).toMatch(/^ci .*--include=dev/)
    expect(fake.read("environment")).not.toMatch(/npm_config_omit/i)
  })

  it("tells the inner npm where packages come from, and nothing else of the outer npm's settings", async () => {
    using fake = new FakePackage()
    const outer = {
      npm_config_registry: "https://packages.example",
      "npm_config_//packages.example/:_authToken": "a",
      npm_lifecycle_event: "start",
      npm_config_global: "true",
      npm_config_local_prefix: "/elsewhere",
      npm_package_name: "holdfast",
      INIT_CWD: "/elsewhere"
    }
    await fake.launch({ ...outer, PATH: `${join(fake.root, "node_modules/.bin")}:${fake.bin}:/usr/bin:/bin` }).ended
    const seen = fake.read("environment")
    expect(seen).toContain("npm_config_registry=https://packages.example")
    expect(seen).not.toMatch(/npm_lifecycle|npm_config_global|local_prefix|npm_package|INIT_CWD/)
    expect(seen).not.toMatch(/^PATH=.*node_modules/m)
  })

  it("shows npm's own words and fails when npm fails, leaving nothing locked", async () => {
    using fake = new FakePackage()
    fake.write("fail")
    const { code, stdout, stderr } = await fake.launch().ended
    expect(code).toBe(1)
    expect(stdout).toBe("")
    expect(stderr).toMatch(/ETARGET[^]*npm ci failed with exit code 7/)
    expect(fake.read(".install.lock")).toBe("")
  })

  it("says in one sentence that npm is missing", async () => {
    using fake = new FakePackage()
    const { code, stderr } = await fake.launch({ PATH: "/nowhere" }).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/npm was not found: .*\.\n$/)
  })

  it("ends npm and leaves no lock when it is told to stop", async () => {
    using fake = new FakePackage()
    fake.write("hold")
    const launcher = fake.launch()
    await launcher.says("installing")
    while (fake.read("npm-pid") === "") await new Promise(setImmediate)
    const npm = Number(fake.read("npm-pid"))
    launcher.child.kill("SIGINT")
    expect((await launcher.ended).code).toBe(130)
    expect(alive(npm)).toBe(false)
    expect(fake.read(".install.lock")).toBe("")
  })
})

describe("a later start", () => {
  it("is silent and quick", async () => {
    using fake = new FakePackage()
    await fake.launch().ended
    const times: Array<number> = []
    for (let run = 0; run < 5; run++) {
      const start = performance.now()
      const { stdout, stderr } = await fake.launch().ended
      times.push(performance.now() - start)
      expect([stdout, stderr]).toEqual([`${process.execPath}\n`, ""])
    }
    expect(fake.installations).toBe(1)
    expect(Math.min(...times)).toBeLessThan(1_000) // some 100 ms, and what other tests on the same machine may add
  })

  it("installs again when the lockfile has changed", async () => {
    using fake = new FakePackage()
    await fake.launch().ended
    fake.write("package-lock.json", lockfile("24.22.0"))
    const { stderr } = await fake.launch().ended
    expect(stderr).toContain("package-lock.json has changed: installing")
    expect((await fake.launch().ended).stderr).toBe("")
  })

  it("accepts what somebody installed by hand", async () => {
    using fake = new FakePackage()
    await fake.launch().ended
    fake.remove("node_modules/.holdfast-installed.json")
    await fake.launch().ended
    expect(fake.installations).toBe(1)
  })

  it("runs in production on an installation without development packages, where tests would not", async () => {
    using fake = new FakePackage()
    await fake.launch().ended
    const { "node_modules/tester": _left, ...packages } = lockfile("24.21.0").packages
    fake.write("node_modules/.package-lock.json", { packages })
    await fake.launch({ NODE_ENV: "production", npm_lifecycle_event: "start" }).ended
    expect(fake.installations).toBe(1)
    await fake.launch({ NODE_ENV: "production", npm_lifecycle_event: "test" }).ended
    expect(fake.installations).toBe(2)
  })
})

describe("two starts at once", () => {
  it("install once, the second waiting for the first", async () => {
    using fake = new FakePackage()
    fake.write("hold")
    const first = fake.launch()
    await first.says("installing")
    const second = fake.launch()
    await second.says("another start is installing")
    fake.write("go")
    const ended = await Promise.all([first.ended, second.ended])
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, `${process.execPath}\n`],
      [0, `${process.execPath}\n`]
    ])
    expect(fake.installations).toBe(1)
  })

  it("do not wait for a start that was killed", async () => {
    using fake = new FakePackage()
    fake.write("hold")
    const killed = fake.launch()
    await killed.says("installing")
    while (fake.read("npm-pid") === "") await new Promise(setImmediate)
    const npm = Number(fake.read("npm-pid"))
    killed.child.kill("SIGKILL")
    await killed.ended
    process.kill(npm, "SIGKILL")
    fake.write("go")
    expect((await fake.launch().ended).code).toBe(0)
  })

  it("wait for an npm that outlived the start that began it", async () => {
    using fake = new FakePackage()
    fake.write("hold")
    const killed = fake.launch()
    await killed.says("installing")
    while (!fake.read(".install.lock").includes(fake.read("npm-pid").trim() || "none")) await new Promise(setImmediate)
    killed.child.kill("SIGKILL")
    await killed.ended
    const next = fake.launch()
    await next.says("another start is installing")
    fake.write("go")
    expect((await next.ended).code).toBe(0)
  })
})

describe("a Node that fits", () => {
  const old = { version: "18.20.0", execPath: "/old/node" }

  it("is 24.7 or newer", () => {
    expect(["24.7.0", "v24.21.0", "26.0.0"].map(isNewEnough)).toEqual([true, true, true])
    expect(["24.6.9", "22.19.0", "18.0.0"].map(isNewEnough)).toEqual([false, false, false])
  })

  it("is the npm package's when the running one is too old", async () => {
    using fake = new FakePackage()
    await fake.launch().ended
    expect(findNode(fake.root, old, "")).toBe(join(fake.root, "node_modules/node/bin/node"))
  })

  it("is another one on PATH when npm's was blocked, and never one that does not run", async () => {
    using fake = new FakePackage()
    fake.write("blocked")
    await fake.launch().ended
    fake.write("node_modules/node/bin/node", "This file intentionally left blank")
    expect(findNode(fake.root, old, `${fake.bin}:${join(process.execPath, "..")}`)).toBe(process.execPath)
    expect(findNode(fake.root, old, fake.bin)).toBeUndefined()
  })
})

it("an old Node is told in one sentence what is needed", async () => {
  using fake = new FakePackage()
  const pretend = `data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"16.20.2"}})`
  const { code, stderr } = await fake.launch({}, ["--import", pretend]).ended
  expect(code).toBe(1)
  expect(stderr).toMatch(/^Holdfast needs Node 18 or newer .*nodejs\.org\.\n$/)
})

describe("a signal", () => {
  it("sent to npm's shell reaches the program, which ends as it likes", async () => {
    using fake = new FakePackage()
    fake.write(
      "src/main.ts",
      `const stop: () => void = () => { console.log("handler ran"); process.exit(0) }
       process.on("SIGTERM", stop); setInterval(() => {}, 1000); console.log("up")`
    )
    const started = fake.script("start")
    await started.says("up")
    started.child.kill("SIGTERM")
    expect(await started.ended).toMatchObject({ code: 0, signal: null, stdout: "up\nhandler ran\n" })
  })

  it("is not needed to fail: the program's exit code is the script's", async () => {
    using fake = new FakePackage()
    fake.write("src/main.ts", "process.exit(69)")
    expect((await fake.script("start").ended).code).toBe(69)
  })
})
