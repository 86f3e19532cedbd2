/** Starts that are refused: one line that names everything, a documented exit code, and a port that never opened. */
import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted, Schedule } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { type Environment, otherProvider, startShop } from "./process.ts"
import { listeningPorts } from "./processTree.ts"

/** Runs until it ends, and watches all the while for a port that it opens. */
const refused = Effect.fnUntraced(function* (env: Environment, ...args: ReadonlyArray<string>) {
  const shop = yield* startShop({ env, command: [process.execPath, "src/main.ts", ...args] })
  const opened = new Set<number>()
  const watch = Effect.sync(() => listeningPorts(shop.pid).forEach((port) => opened.add(port))).pipe(
    Effect.repeat(Schedule.spaced("10 millis"))
  )
  const end = yield* Effect.raceFirst(shop.ended, Effect.andThen(watch, Effect.never))
  return { ...end, opened: [...opened] }
})

interface Named {
  readonly variable: string
  readonly problem: string
}

describe("wrong settings", () => {
  it.live(
    "are all named in one line, the missing ones too",
    () =>
      Effect.gen(function* () {
        const end = yield* refused({ PORT: "abc", DATABASE_URL: "nonsense", NODE_ENV: "production" })
        expect(end).toMatchObject({ code: 78, opened: [] })
        expect(end.lines).toHaveLength(1)
        expect(end.said.trimEnd().split("\n")).toHaveLength(1)
        expect(end.lines[0]).toMatchObject({ level: "FATAL", code: "ConfigInvalid" })
        const problems = end.lines[0]?.["problems"] as ReadonlyArray<Named>
        expect(problems.map((each) => each.variable)).toEqual([
          "PORT",
          "DATABASE_URL",
          "APP_SECRET",
          "OPS_TOKENS",
          "STRIPE_SECRET_KEY",
          "STRIPE_WEBHOOK_SECRET",
          "RESEND_API_KEY",
          "EMAIL_FROM",
          "CHECKOUT_RETURN_URL"
        ])
        for (const { problem, variable } of problems) {
          expect(problem).toMatch(/^(PORT|DATABASE_URL)$/.test(variable) ? /^expected / : /^required in production: /)
        }
      }),
    60_000
  )

  it.live(
    "are not repeated, whatever they are",
    () =>
      Effect.gen(function* () {
        const canary = "canary"
        const wrong = {
          APP_SECRET: `${canary}-short`,
          OPS_TOKENS: `${canary}:owner:${canary}-with-more-than-16-characters`,
          DATABASE_URL: `mysql://${canary}:${canary}@${canary}.example/${canary}`,
          REDIS_URL: `${canary}://${canary}`,
          EMAIL_FROM: `${canary} at home`,
          DATABASE_POOL_SIZE: `${canary}7`,
          SHUTDOWN_GRACE: `${canary} seconds`,
          ROLE: canary
        }
        const end = yield* refused({ NODE_ENV: "production", RATE_LIMITS: "off", ...wrong })
        expect(end).toMatchObject({ code: 78, opened: [] })
        expect(end.said).not.toContain(canary)
        const problems = end.lines[0]?.["problems"] as ReadonlyArray<Named>
        for (const variable of Object.keys(wrong)) {
          expect(problems).toContainEqual({ variable, problem: expect.stringMatching(/^expected /) })
        }
        expect(problems).toContainEqual({ variable: "RATE_LIMITS", problem: "cannot be off in production" })
      }),
    60_000
  )
})

/** Answers nothing to whoever connects. */
const silentPort = Effect.acquireRelease(
  Effect.callback<net.Server>((resume) => {
    const server = net.createServer()
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
)
const portOf = (server: net.Server) => (server.address() as net.AddressInfo).port

describe("a database that cannot be used", () => {
  it.live(
    "ends a start at the deadline, whether nobody is there or nobody answers",
    () =>
      Effect.gen(function* () {
        const silent = yield* silentPort
        const DATA_DIR = yield* temporaryFolder
        const ends = yield* Effect.forEach(
          [1, portOf(silent)],
          (port) =>
            refused({
              DATABASE_URL: `postgres://canary-user:canary-word@127.0.0.1:${port}/canary-name`,
              DATABASE_START_DEADLINE: "2 seconds",
              DATA_DIR
            }),
          { concurrency: 2 }
        )
        for (const end of ends) {
          expect(end).toMatchObject({ code: 69, opened: [] })
          expect(end.millis).toBeGreaterThan(2_000)
          expect(end.millis).toBeLessThan(10_000)
          expect(end.lines).toHaveLength(1)
          expect(end.lines[0]).toMatchObject({
            level: "FATAL",
            code: "StartupDatabaseUnreachable",
            reason: expect.stringContaining("DATABASE_URL")
          })
          expect(end.said).not.toMatch(/canary|127\.0\.0\.1/)
        }
      }),
    60_000
  )

  it.live(
    "because its schema is not there ends a start with MIGRATE=check, until it was migrated",
    () =>
      Effect.gen(function* () {
        const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("empty"))
        const env = { DATABASE_URL, DATA_DIR: yield* temporaryFolder, MIGRATE: "check", ...otherProvider }
        const end = yield* refused(env)
        expect(end).toMatchObject({ code: 78, opened: [] })
        expect(end.lines).toHaveLength(1)
        expect(end.lines[0]?.["reason"]).toMatch(/^The database lacks 0001_\w+, .*Run "npm run migrate"/)

        const migrated = yield* refused(env, "migrate")
        expect(migrated).toMatchObject({ code: 0, opened: [] })
        expect(migrated.lines.at(-1)).toMatchObject({ message: "the schema is current" })

        const shop = yield* startShop({ env })
        yield* shop.ready
      }),
    60_000
  )
})
