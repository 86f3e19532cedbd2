/**
 * A browser to drive: the machine's own Chromium, or one that playwright-core brings where it can be had.
 *
 * Only what the story uses is typed here, and the package is loaded when a browser is wanted: who does not drive one does
 * not need it.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { Effect } from "effect"
import { root } from "../main/process.ts"

export interface Locator {
  readonly click: () => Promise<void>
  readonly fill: (text: string) => Promise<void>
  readonly selectOption: (value: string) => Promise<unknown>
  readonly innerText: () => Promise<string>
  readonly count: () => Promise<number>
  readonly first: () => Locator
  readonly getByRole: (role: string, options?: { readonly name?: string | RegExp }) => Locator
  readonly getByLabel: (text: string) => Locator
  readonly filter: (options: { readonly hasText: string | RegExp }) => Locator
  readonly waitFor: (options?: { readonly timeout?: number }) => Promise<void>
}
export interface Page {
  readonly goto: (url: string) => Promise<unknown>
  readonly url: () => string
  readonly locator: (selector: string) => Locator
  readonly getByRole: Locator["getByRole"]
  readonly getByLabel: Locator["getByLabel"]
  /** An expression of the page's own. */
  readonly evaluate: <A>(expression: string) => Promise<A>
  readonly keyboard: { readonly press: (key: string) => Promise<void> }
  readonly setViewportSize: (size: { readonly width: number; readonly height: number }) => Promise<void>
  readonly emulateMedia: (media: { readonly colorScheme: "light" | "dark" }) => Promise<void>
  readonly screenshot: (options: { readonly path: string }) => Promise<unknown>
  readonly close: () => Promise<void>
}
interface ContextOptions {
  readonly javaScriptEnabled?: boolean
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly storageState?: unknown
}
export interface Context {
  readonly newPage: () => Promise<Page>
  readonly storageState: () => Promise<unknown>
  readonly setDefaultTimeout: (millis: number) => void
}
export interface Browser {
  readonly version: () => string
  readonly newContext: (options: ContextOptions) => Promise<Context>
  readonly close: () => Promise<void>
}
interface Playwright {
  readonly chromium: {
    readonly executablePath: () => string
    readonly launch: (options: { readonly executablePath: string; readonly timeout: number }) => Promise<Browser>
  }
}

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
/** A machine without a network is not waited for. */
const installsWithinMillis = 60_000

const isProgram = (file: string) => fs.existsSync(file) && fs.statSync(file).isFile()

const onPath = () =>
  (process.env["PATH"] ?? "")
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find(isProgram)

const playwright = () => createRequire(import.meta.url)("playwright-core") as Playwright

interface Program {
  readonly executablePath: string
  /** It was brought by playwright-core, and may lack what it needs of the machine. */
  readonly brought: boolean
}

/** `CHROMIUM`, the machine's own, or playwright's, which is fetched if it is not there. None: there is no browser to be had. */
const program = (): Program | undefined => {
  const wanted = process.env["CHROMIUM"]
  const here = wanted === undefined || wanted === "" ? onPath() : wanted
  if (here !== undefined) return { executablePath: here, brought: false }
  const executablePath = playwright().chromium.executablePath()
  if (!isProgram(executablePath)) {
    const cli = path.join(root, "node_modules/playwright-core/cli.js")
    spawnSync(process.execPath, [cli, "install", "chromium"], { timeout: installsWithinMillis, stdio: "ignore" })
  }
  return isProgram(executablePath) ? { executablePath, brought: true } : undefined
}

/** Undefined: there is none, and none can be had that starts here. The machine's own that does not start is a defect. */
export const openBrowser = Effect.gen(function* () {
  const found = yield* Effect.sync(program)
  if (found === undefined) return undefined
  const { brought, executablePath } = found
  const launched = Effect.tryPromise(() => playwright().chromium.launch({ executablePath, timeout: 30_000 }))
  const started = brought ? Effect.catch(launched, () => Effect.undefined) : Effect.orDie(launched)
  return yield* Effect.acquireRelease(started, (browser) => Effect.promise(async () => browser?.close()))
})
