/** Where the world outside may be called from, and that every such call ends. */
import { calls, child, children, importsOf, nameOf, type Node, type Source, text } from "./syntax.ts"
import { inSource, inSourceBut, type Rule } from "./Rule.ts"

const clients = /^(HttpClient\w*|FetchHttpClient|NodeHttpClient|UndiciHttpClient|Undici)$/
const wires = /^(node:(http|https|http2|net|tls|dgram)|undici|axios|got)$/

const importedNodes = (source: Source, pick: (from: string, names: ReadonlyArray<string>) => boolean) =>
  importsOf(source)
    .filter(({ from, names, typeOnly }) => !typeOnly && pick(from, names))
    .map(({ node }) => node)

const http: Rule = {
  name: "an HTTP call outside a Dependency",
  instead: "make it in src/dependencies/<provider>, through Dependency.call",
  // main.ts gives the adapters their client; database/ speaks its own protocol over a socket; the sandbox is a server.
  looksAt: inSourceBut("dependencies/", "database/", "sandbox/", "main.ts"),
  find: (source) => [
    ...source.all.map(({ node }) => node).filter((node) => /^(globalThis\.)?fetch$/.test(calls(node))),
    ...importedNodes(
      source,
      (from, names) =>
        // The door is made of these two: a server needs no client.
        (wires.test(from) &&
          !(source.path.startsWith("src/http/") && names.every((name) => name === "createServer"))) ||
        names.some((name) => clients.test(name)) ||
        clients.test(from.split("/").at(-1) ?? "")
    )
  ],
  catches: [
    ["src/orders/a.ts", `const answer = await fetch(url)`],
    ["src/orders/a.ts", `import { HttpClient } from "effect/http"`],
    ["src/orders/a.ts", `import * as HttpClientRequest from "effect/http/HttpClientRequest"`],
    ["src/users/a.ts", `import { request } from "node:https"`],
    ["src/http/a.ts", `import { request } from "node:http"`]
  ],
  allows: [
    ["src/dependencies/payments/PaymentsHttp.ts", `import { HttpClient } from "effect/http"`],
    ["src/http/Server.ts", `import { createServer } from "node:http"`],
    ["src/orders/a.ts", `import type { HttpClient } from "effect/http"`]
  ]
}

const sql: Rule = {
  name: "SQL outside the database",
  instead: "take `sql` from the callback of Database.query or Database.transaction: those are bounded, named and typed",
  looksAt: inSourceBut("database/"),
  find: (source) => [
    ...importedNodes(
      source,
      (from, names) =>
        from === "@effect/sql-pg" || from === "pg" || names.some((name) => /^(SqlClient|PgClient|Migrator)$/.test(name))
    ),
    ...source.all.map(({ node }) => node).filter((node) => /(^|\.)(sql|tx)\.unsafe$/.test(calls(node)))
  ],
  catches: [
    ["src/orders/a.ts", `import { SqlClient } from "effect/sql"`],
    ["src/orders/a.ts", `import { PgClient } from "@effect/sql-pg"`],
    ["src/orders/a.ts", `database.query("x", (sql) => sql.unsafe("select 1"))`]
  ],
  allows: [
    ["src/orders/a.ts", `import type { SqlClient } from "effect/sql"`],
    ["src/orders/a.ts", `database.query("orders.find", (sql) => sql\`select 1\`)`],
    ["src/database/a.ts", `import { SqlClient } from "effect/sql"`]
  ]
}

const waits = /^Effect\.(promise|tryPromise|callback|async)$/
const bounds = /^(Effect|Deferred|Fiber)\.timeout\w*$/
const sends = /(^|\.)(\w*[cC]lient|http)\.(execute|get|post|put|patch|del|head|options)$/

const within = (ancestors: ReadonlyArray<Node>, bound: (name: string) => boolean): boolean =>
  ancestors.some(
    (outer) => bound(calls(outer)) || children(outer, "arguments").some((argument) => bound(calls(argument)))
  )

/**
 * What sends a request may stand apart from the `.call` that bounds it, as long as its type says that it fails with a
 * TransientFailure: only the policy takes that away, and the next rule keeps it from leaving in any other way.
 */
const saysTransient = (source: Source): boolean =>
  importsOf(source).some(
    ({ from, node }) =>
      from.includes("/resilience/") && /\bTransientFailure\b/.test(source.text.slice(node.start, node.end))
  )

const unbounded: Rule = {
  name: "a call without a deadline",
  instead: "send it through Dependency.call, or give it Effect.timeoutOrElse in the same pipe",
  // The kit and the database are where deadlines are made; the sandbox answers, it does not ask.
  looksAt: inSourceBut("resilience/", "database/", "sandbox/"),
  find: (source) => {
    const inDependency = source.path.startsWith("src/dependencies/")
    const transient = inDependency && saysTransient(source)
    return source.all
      .filter(({ node, ancestors }) => {
        const name = calls(node)
        if (!waits.test(name) && !(inDependency && sends.test(name))) return false
        return !transient && !within(ancestors, (outer) => bounds.test(outer) || outer.endsWith(".call"))
      })
      .map(({ node }) => node)
  },
  catches: [
    ["src/users/a.ts", `const hash = Effect.tryPromise(() => argon2(password))`],
    ["src/jobs/a.ts", `const file = Effect.callback((resume) => read(path, resume))`],
    ["src/dependencies/email/EmailHttp.ts", `const send = (mail) => client.post("/emails", { body: mail })`]
  ],
  allows: [
    ["src/users/a.ts", `Effect.tryPromise(() => argon2(password)).pipe(Effect.timeoutOrElse({ duration, orElse }))`],
    [
      "src/dependencies/email/EmailHttp.ts",
      `const send = (mail) => email.call(client.post("/emails"), { kind: "write-once" })`
    ],
    [
      "src/dependencies/email/exchange.ts",
      `import type { TransientFailure } from "../../resilience/index.ts"
       const post = (mail): Effect.Effect<Answer, TransientFailure> => client.post("/emails")`
    ]
  ]
}

const leaked: Rule = {
  name: "a TransientFailure outside of the policy",
  instead: "send it through Dependency.call: what comes back is the value, a domain answer, or DependencyUnavailable",
  looksAt: inSourceBut("resilience/"),
  find: (source) =>
    source.all
      .map(({ node }) => node)
      .filter((node) => {
        const made = node.type === "ClassDeclaration" ? child(node, "superClass") : undefined
        const service = calls(child(made, "callee")) === "Context.Service" || calls(made) === "Context.Service"
        const interfaceText = made === undefined ? "" : source.text.slice(made.start, made.end)
        if (service && /\bTransientFailure\b/.test(interfaceText)) return true
        return (
          /\.catchTags?$/.test(calls(node)) && source.text.slice(node.start, node.end).includes(`"TransientFailure"`)
        )
      }),
  catches: [
    [
      "src/dependencies/email/Email.ts",
      `class Email extends Context.Service<Email, { readonly send: (m: Mail) => Effect.Effect<void, TransientFailure> }>()("x") {}`
    ],
    [
      "src/dependencies/email/EmailHttp.ts",
      `send.pipe(Effect.catchTag("TransientFailure", () => Effect.succeed(later)))`
    ]
  ],
  allows: [
    [
      "src/dependencies/email/Email.ts",
      `class Email extends Context.Service<Email, { readonly send: (m: Mail) => Effect.Effect<void, DependencyUnavailable> }>()("x") {}`
    ],
    ["src/dependencies/email/exchange.ts", `const busy = new TransientFailure({ reason: "busy", sent: "no" })`]
  ]
}

const noFallback = /\bno fallback\b[^.]{15,}\./i

const withoutFallback: Rule = {
  name: "a dependency without a declared fallback",
  instead: "declare `fallback` in policy.ts, or say in a comment: No fallback: <the reason>.",
  looksAt: (path) => /^src\/dependencies\/.*\/policy\.ts$/.test(path),
  find: (source) => {
    const declares = source.all.some(
      ({ node }) => node.type === "Property" && /fallback/i.test(nameOf(child(node, "key")))
    )
    const exports = source.all.some(
      ({ node }) => node.type === "VariableDeclarator" && /fallback/i.test(nameOf(child(node, "id")))
    )
    const comments = source.text.match(/\/\*[^]*?\*\/|\/\/.*/g) ?? []
    const said = noFallback.test(comments.join("\n").replaceAll(/\n\s*(\*|\/\/)?/g, " "))
    return declares || exports || said ? [] : [source.tree]
  },
  catches: [
    ["src/dependencies/email/policy.ts", `export const policy = { attempts: 3 }`],
    ["src/dependencies/email/policy.ts", `/** No fallback. */ export const policy = { attempts: 3 }`]
  ],
  allows: [
    ["src/dependencies/email/policy.ts", `export const options = { kind: "read", fallback: () => [] }`],
    [
      "src/dependencies/email/policy.ts",
      `/** No fallback: only the provider can say whether\n * money moved. */ export const policy = {}`
    ]
  ]
}

/** Folders under `src/dependencies` that have no policy.ts; asked about the whole tree, since what is missing has no file. */
export const withoutPolicy = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const folders = new Set(paths.flatMap((path) => path.match(/^src\/dependencies\/[^/]+(?=\/)/) ?? []))
  return [...folders].filter((folder) => !paths.includes(`${folder}/policy.ts`))
}

export const outsideCalls: ReadonlyArray<Rule> = [http, sql, unbounded, leaked, withoutFallback]

/** A log line whose message is put together: it cannot be counted, and it carries what nobody checked. */
export const interpolatedLog: Rule = {
  name: "a log line that interpolates",
  instead: `one constant sentence, and the values as fields: Effect.logWarning("no jobs claimed", { queue })`,
  looksAt: inSource,
  find: (source) =>
    source.all
      .map(({ node }) => node)
      .filter(
        (node) =>
          /^(Effect\.log\w*|console\.\w+)$/.test(calls(node)) &&
          children(node, "arguments").some(
            (argument) =>
              (argument.type === "TemplateLiteral" && children(argument, "expressions").length > 0) ||
              (argument.type === "BinaryExpression" && text(argument, "operator") === "+") ||
              ["String", "JSON.stringify"].includes(calls(argument))
          )
      ),
  catches: [
    ["src/orders/a.ts", "Effect.logInfo(`order ${id} placed`)"],
    ["src/orders/a.ts", `Effect.logWarning("order " + id)`],
    ["src/orders/a.ts", "console.log(`${name}`)"]
  ],
  allows: [
    ["src/orders/a.ts", `Effect.logInfo("order placed", { orderId: id })`],
    ["src/orders/a.ts", "Effect.logInfo(`order placed`)"]
  ]
}
