/** What comes from services and from one place each: configuration, time, chance, the runtime; and what tests do without. */
import { calls, child, children, importsOf, nameOf, type Node, type Source } from "./syntax.ts"
import { inSource, inSourceBut, inTests, type Rule } from "./Rule.ts"

const all = (source: Source, is: (node: Node, ancestors: ReadonlyArray<Node>) => boolean): ReadonlyArray<Node> =>
  source.all.filter(({ node, ancestors }) => is(node, ancestors)).map(({ node }) => node)

const imports = (source: Source, is: (from: string, name: string) => boolean): ReadonlyArray<Node> =>
  importsOf(source)
    .filter(({ from, names, typeOnly }) => !typeOnly && names.some((name) => is(from, name)))
    .map(({ node }) => node)

const environment: Rule = {
  name: "process.env outside config.ts",
  instead: "add it to config.ts, where everything wrong is reported together, and take it from there",
  looksAt: inSourceBut("config.ts"),
  find: (source) => [
    ...all(source, (node) => node.type === "MemberExpression" && /^(globalThis\.)?process\.env$/.test(nameOf(node))),
    ...imports(
      source,
      (from, name) => (from === "node:process" && name === "env") || (from === "effect" && name === "Config")
    ),
    ...all(source, (node) => calls(node) === "ConfigProvider.fromEnv")
  ],
  catches: [
    ["src/users/a.ts", `const port = process.env["PORT"]`],
    ["src/users/a.ts", `const { PORT } = process.env`],
    ["src/users/a.ts", `import { env } from "node:process"`],
    ["src/users/a.ts", `import { Config } from "effect"`]
  ],
  allows: [
    ["src/config.ts", `const port = process.env["PORT"]`],
    ["src/users/a.ts", `const options = { env: settings.environment }`]
  ]
}

/** The files that are started as programs. */
const entryPoints = new Set(["src/main.ts", "src/sandbox/main.ts"])

const running: Rule = {
  name: "an effect run outside an entry point",
  instead: "return the effect; main.ts runs it",
  looksAt: (path) => inSource(path) && !entryPoints.has(path),
  find: (source) =>
    all(
      source,
      (node) =>
        node.type === "MemberExpression" &&
        /^(Effect\.run[A-Z]\w*|(Node|Bun)Runtime\.runMain|ManagedRuntime\.make|Runtime\.run\w*|Stream\.run(Promise|Fork|Sync)\w*)$/.test(
          nameOf(node)
        )
    ),
  catches: [
    ["src/users/a.ts", `Effect.runPromise(work)`],
    ["src/users/a.ts", `work.pipe(Effect.runFork)`],
    ["src/users/a.ts", `const runtime = ManagedRuntime.make(layer)`]
  ],
  allows: [
    ["src/main.ts", `NodeRuntime.runMain(program)`],
    ["src/users/a.ts", `Stream.runDrain(changes)`]
  ]
}

const clockAndChance: Rule = {
  name: "time or chance from outside of a service",
  instead: "Clock, DateTime, Random, or effect/crypto: a test drives those",
  looksAt: inSource,
  find: (source) => [
    ...all(
      source,
      (node) =>
        /^(Date\.now|Math\.random|performance\.now|process\.hrtime(\.bigint)?|crypto\.(randomUUID|getRandomValues|randomBytes))$/.test(
          calls(node)
        ) ||
        (node.type === "NewExpression" && calls(node) === "Date" && children(node, "arguments").length === 0) ||
        /^(setTimeout|setInterval|setImmediate)$/.test(calls(node))
    ),
    ...imports(
      source,
      (from, name) =>
        (/^(node:)?crypto$/.test(from) && /^random|^getRandomValues$/.test(name)) || /^(node:)?timers/.test(from)
    )
  ],
  catches: [
    ["src/orders/a.ts", `const now = Date.now()`],
    ["src/orders/a.ts", `const now = new Date()`],
    ["src/orders/a.ts", `const delay = Math.random() * 100`],
    ["src/orders/a.ts", `import { randomUUID } from "node:crypto"`],
    ["src/orders/a.ts", `setTimeout(retry, 100)`]
  ],
  allows: [
    ["src/orders/a.ts", `const now = yield* Clock.currentTimeMillis`],
    ["src/orders/a.ts", `const at = new Date(row.created_at)`],
    ["src/orders/a.ts", `import { createHmac } from "node:crypto"`]
  ]
}

const mutable = new Set(["Map", "Set", "WeakMap", "WeakSet", "Array"])

const moduleState: Rule = {
  name: "state of a module",
  instead: "make it in a Layer: a second test, or a second server in one process, gets its own",
  looksAt: inSource,
  find: (source) =>
    children(source.tree, "body")
      .map((statement) =>
        statement.type === "ExportNamedDeclaration" ? (child(statement, "declaration") ?? statement) : statement
      )
      .filter((statement) => statement.type === "VariableDeclaration")
      .filter(
        (statement) =>
          statement["kind"] !== "const" ||
          children(statement, "declarations").some((declared) => {
            const value = child(declared, "init")
            // A collection that is made empty is made to be filled.
            return mutable.has(calls(value)) && children(value, "arguments").length === 0
          })
      ),
  catches: [
    ["src/orders/a.ts", `let count = 0`],
    ["src/orders/a.ts", `export const seen = new Map<string, number>()`]
  ],
  allows: [
    ["src/orders/a.ts", `const limits = { most: 3 }; const codes = new Set(["a", "b"])`],
    ["src/orders/a.ts", `const make = () => { let count = 0; return () => count++ }`]
  ]
}

const mocks: Rule = {
  name: "a mocked module or clock",
  instead: "provide another Layer; TestClock drives time",
  looksAt: inTests,
  find: (source) =>
    all(source, (node) => /^(vi|jest|vitest)\.(mock|doMock|hoisted|stubGlobal|useFakeTimers)$/.test(calls(node))),
  catches: [
    ["test/a.test.ts", `vi.mock("../src/orders/Orders.ts")`],
    ["test/a.test.ts", `vi.useFakeTimers()`]
  ],
  allows: [["test/a.test.ts", `const heard = vi.fn()`]]
}

const liveTest = /^(it|test|describe)\.live(\.\w+)*$/

const sleeping: Rule = {
  name: "a sleep in a test",
  instead: "TestClock.adjust, or wait for the event (a line of output, a file, a Deferred)",
  looksAt: inTests,
  find: (source) => [
    ...all(
      source,
      (node) => /^((globalThis|window)\.)?(setTimeout|setInterval)$/.test(calls(node)) || calls(node) === "Atomics.wait"
    ),
    ...imports(source, (from) => /^(node:)?timers(\/promises)?$/.test(from)),
    ...all(
      source,
      (node, ancestors) =>
        /^(Effect\.sleep|TestClock\.withLive)$/.test(calls(node)) &&
        ancestors.some((outer) => liveTest.test(calls(outer)))
    )
  ],
  catches: [
    ["test/a.test.ts", `await new Promise((resolve) => setTimeout(resolve, 100))`],
    ["test/a.test.ts", `import { setTimeout } from "node:timers/promises"`],
    ["test/a.test.ts", `it.live("waits", () => Effect.sleep("1 second"))`]
  ],
  allows: [
    [
      "test/a.test.ts",
      `it.effect("waits", () => Effect.andThen(Effect.fork(Effect.sleep("1 hour")), TestClock.adjust("1 hour")))`
    ],
    ["test/a.test.ts", `const limit = AbortSignal.timeout(5000)`]
  ]
}

export const surroundings: ReadonlyArray<Rule> = [environment, running, clockAndChance, moduleState, mocks, sleeping]
