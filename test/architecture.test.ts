/**
 * Who may import whom, one case a file. The folders are listed in the order in which data flows; an import that is not
 * listed here does not exist. Types count like values: an arrow is an arrow.
 */
import { describe, expect, it } from "@effect/vitest"
import { filesUnder, importsOf, parse, read, type Source, target } from "./forbidden/syntax.ts"

const arrows: Readonly<Record<string, ReadonlyArray<string>>> = {
  resilience: [],
  telemetry: [],
  database: ["resilience", "telemetry"],
  dependencies: ["resilience", "telemetry"],
  jobs: ["database", "resilience", "telemetry"],
  users: ["jobs", "dependencies", "database", "resilience", "telemetry"],
  catalog: ["jobs", "dependencies", "database", "resilience", "telemetry"],
  orders: ["users", "catalog", "jobs", "dependencies", "database", "resilience", "telemetry"],
  emails: ["users", "orders", "jobs", "dependencies", "database", "resilience", "telemetry"],
  ops: ["users", "catalog", "orders", "jobs", "database", "resilience", "telemetry"],
  // `errors`: a folder's errors.ts, and nothing else of it.
  http: [
    "users",
    "catalog",
    "orders",
    "ops",
    "jobs",
    "errors",
    "database/errors",
    "dependencies/errors",
    "resilience/errors",
    "telemetry"
  ],
  client: ["http", "users", "catalog", "orders", "errors"],
  errors: ["users", "catalog", "orders", "ops", "jobs", "http", "dependencies", "database", "resilience"].map(
    (folder) => `${folder}/errors`
  ),
  config: [],
  testing: ["*"],
  sandbox: ["*"],
  main: ["*"]
}

/** `src/orders/Orders.ts` is in `orders`, `src/main.ts` is `main`. */
const folderOf = (path: string) =>
  path
    .replace(/^src\//, "")
    .split("/")[0]
    ?.replace(/\.ts$/, "") ?? ""

const isErrors = (path: string, folder: string) =>
  path.endsWith("/errors.ts") || (folder === "resilience" && path === "src/resilience/index.ts")

const mayImport = (from: string, path: string): boolean => {
  const folder = folderOf(path)
  if (folder === from) return true
  if (folder === "main") return false
  const allowed = arrows[from] ?? []
  return (
    allowed.includes("*") ||
    allowed.includes(folder) ||
    (allowed.includes(`${folder}/errors`) && isErrors(path, folder))
  )
}

const isEffect = (module: string) => module === "effect" || module.startsWith("effect/")

const offences = (source: Source): ReadonlyArray<string> => {
  const from = folderOf(source.path)
  return importsOf(source).flatMap((imported) => {
    const to = target(source.path, imported.from)
    if (to.startsWith("src/")) return mayImport(from, to) ? [] : [`${from} may not import ${to}`]
    if (imported.from.startsWith(".")) return [`${to} is outside of src`]
    if (from === "resilience" && !isEffect(to)) return [`resilience imports only effect, not ${to}`]
    // The client is made of the same contract.
    if (to.startsWith("effect/http-api") && from !== "http" && from !== "client") return [`only http may import ${to}`]
    return []
  })
}

describe("the arrows between the folders", () => {
  it.each(filesUnder("src"))("%s imports only what its folder may", (path) => {
    expect(Object.keys(arrows)).toContain(folderOf(path))
    expect(offences(read(path))).toEqual([])
  })

  it("have no cycle", () => {
    const reaches = (from: string, to: string, seen: ReadonlyArray<string> = []): boolean =>
      (arrows[from] ?? [])
        .filter((next) => !next.includes("/") && next !== "*" && !seen.includes(next))
        .some((next) => next === to || reaches(next, to, [...seen, next]))
    expect(Object.keys(arrows).filter((folder) => reaches(folder, folder))).toEqual([])
  })

  it.each([
    ["src/resilience/Dependency.ts", `import { Database } from "../database/Database.ts"`],
    ["src/resilience/Dependency.ts", `import { randomUUID } from "node:crypto"`],
    ["src/telemetry/Logs.ts", `import type { Order } from "../orders/Order.ts"`],
    ["src/database/Database.ts", `export * from "../jobs/Jobs.ts"`],
    ["src/dependencies/payments/Payments.ts", `import { Database } from "../../database/Database.ts"`],
    ["src/users/Users.ts", `import { Orders } from "../orders/Orders.ts"`],
    ["src/catalog/Catalog.ts", `const late = await import("../users/Users.ts")`],
    ["src/catalog/Catalog.ts", `type Late = typeof import("../users/Users.ts")`],
    ["src/orders/Orders.ts", `import { HttpApi } from "effect/http-api"`],
    ["src/ops/Health.ts", `import { problems } from "../http/problems.ts"`],
    ["src/http/Server.ts", `import { Database } from "../database/Database.ts"`],
    ["src/http/Server.ts", `import { Payments } from "../dependencies/payments/Payments.ts"`],
    ["src/errors.ts", `import type { User } from "./users/User.ts"`],
    ["src/testing/index.ts", `import { shop } from "../main.ts"`],
    ["src/orders/Orders.ts", `import { fake } from "../../test/fake.ts"`]
  ])("%s may not say: %s", (path, code) => {
    expect(offences(parse(path, code))).toHaveLength(1)
  })

  it.each([
    ["src/resilience/Dependency.ts", `import { Effect } from "effect"; import * as Duration from "effect/Duration"`],
    [
      "src/orders/Orders.ts",
      `import { Users } from "../users/Users.ts"; import { Payments } from "../dependencies/payments/Payments.ts"`
    ],
    ["src/http/problems.ts", `import type { PaymentDeclined } from "../dependencies/payments/errors.ts"`],
    [
      "src/http/problems.ts",
      `import { CircuitOpen } from "../resilience/index.ts"; import type { AppError } from "../errors.ts"`
    ],
    [
      "src/http/orders/OrdersApi.ts",
      `import { HttpApiEndpoint } from "effect/http-api"; import { Order } from "../../orders/Order.ts"`
    ],
    ["src/main.ts", `import { Server } from "./http/Server.ts"; import { Sandbox } from "./sandbox/Sandbox.ts"`]
  ])("%s may say: %s", (path, code) => {
    expect(offences(parse(path, code))).toEqual([])
  })
})

describe("the name of a file", () => {
  const vague = /(^|\/)(utils?|helpers?|common|types|constants|misc|.*manager)(\/|\.ts$)/i

  it("says what is in it", () => {
    expect(filesUnder("src").filter((path) => vague.test(path))).toEqual([])
    expect(
      ["src/orders/utils.ts", "src/common/money.ts", "src/jobs/JobManager.ts"].every((path) => vague.test(path))
    ).toBe(true)
  })
})
