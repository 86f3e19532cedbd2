/** The environment, read once: defaults, what counts as absent, what belongs together, and what is never repeated. */
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Option, Redacted } from "effect"
import { type ConfigInvalid, settings, variableNames } from "../../src/config.ts"

const read = (env: Readonly<Record<string, string>>) =>
  Effect.provideService(settings, ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(env))
const problemsOf = (env: Readonly<Record<string, string>>) =>
  Effect.map(Effect.flip(read(env)), (error: ConfigInvalid) => error.problems)
const plain = (value: Option.Option<Redacted.Redacted>) => Option.getOrUndefined(Option.map(value, Redacted.value))

/** All that production asks for. */
const production = {
  NODE_ENV: "production",
  APP_SECRET: "a".repeat(32),
  DATABASE_URL: "postgres://shop:word@db.example/shop",
  OPS_TOKENS: "ada:operator:0123456789abcdef",
  STRIPE_SECRET_KEY: "key",
  STRIPE_WEBHOOK_SECRET: "webhook",
  RESEND_API_KEY: "key",
  EMAIL_FROM: "shop@example.com",
  CHECKOUT_RETURN_URL: "https://shop.example/orders"
}

describe("an empty environment", () => {
  it.effect("is a shop for trying things out, on this machine only", () =>
    Effect.gen(function* () {
      expect(yield* read({})).toMatchObject({
        production: false,
        role: "all",
        host: "127.0.0.1",
        port: 3000,
        opsHost: "127.0.0.1",
        opsPort: 3001,
        opsTokens: [],
        sandboxPort: 3002,
        databaseUrl: Option.none(),
        databasePoolSize: 10,
        databaseStartDeadline: Duration.seconds(30),
        migrate: "auto",
        dataDir: ".data",
        spoolDir: Option.some(".data/spool"),
        stripe: Option.none(),
        resend: Option.none(),
        rateLimits: true,
        trustedProxies: [],
        corsOrigins: [],
        shutdownGrace: Duration.seconds(10),
        shutdownDelay: Duration.zero,
        logLevel: "Info",
        logFormat: Option.none(),
        accessLog: false,
        launchedByNpm: false
      })
    })
  )

  it.effect("is the same as one whose variables are all empty", () =>
    Effect.gen(function* () {
      const empty = Object.fromEntries(variableNames.map((name) => [name, ""]))
      expect(yield* read(empty)).toEqual(yield* read({}))
    })
  )
})

describe("production", () => {
  it.effect("listens to the world, never migrates by itself, spools nowhere unless told, and outlives npm", () =>
    Effect.gen(function* () {
      expect(yield* read({ ...production, npm_lifecycle_event: "start" })).toMatchObject({
        production: true,
        host: "0.0.0.0",
        opsHost: "127.0.0.1",
        migrate: "check",
        spoolDir: Option.none(),
        launchedByNpm: false
      })
    })
  )

  for (const missing of Object.keys(production).filter((name) => name !== "NODE_ENV")) {
    it.effect(`does not start without ${missing}`, () =>
      Effect.gen(function* () {
        const problems = yield* problemsOf({ ...production, [missing]: "" })
        expect(problems).toEqual([{ variable: missing, problem: expect.stringMatching(/^required in production: /) }])
      })
    )
  }

  it.effect("takes one operator's token in place of the list", () =>
    Effect.gen(function* () {
      const { opsTokens } = yield* read({ ...production, OPS_TOKENS: "", OPS_TOKEN: "0123456789abcdef" })
      expect(opsTokens.map(({ name, role, token }) => [name, role, Redacted.value(token)])).toEqual([
        ["operator", "operator", "0123456789abcdef"]
      ])
    })
  )

  it.effect("does not start with a point to die at", () =>
    Effect.gen(function* () {
      expect(yield* problemsOf({ ...production, CRASH_AT: "orders.place.before:1" })).toEqual([
        { variable: "CRASH_AT", problem: "cannot be set in production" }
      ])
    })
  )

  it.effect("does not start with its rate limits off", () =>
    Effect.gen(function* () {
      expect(yield* problemsOf({ ...production, RATE_LIMITS: "off" })).toEqual([
        { variable: "RATE_LIMITS", problem: "cannot be off in production" }
      ])
    })
  )
})

describe("a value", () => {
  it.effect("that is wrong is named with what was expected, and never repeated", () =>
    Effect.gen(function* () {
      const names = variableNames.filter((name) => !/DIR$|HOST$|KEY$|WEBHOOK_SECRET$|^npm_/.test(name))
      const error = yield* Effect.flip(read(Object.fromEntries(names.map((name) => [name, "canary 1"]))))
      expect(error.problems.map((each) => each.variable).toSorted()).toEqual(expect.arrayContaining(names.toSorted()))
      expect(JSON.stringify(error) + error.message).not.toContain("canary")
    })
  )

  const cases: ReadonlyArray<readonly [variable: string, wrong: ReadonlyArray<string>, right: ReadonlyArray<string>]> =
    [
      [
        "TRUSTED_PROXIES",
        ["proxy.example.com", "10.0.0.0/33", "10.0.0.1,", "::1/129", "10.0.0.0/8/8"],
        ["10.0.0.7", "10.0.0.7, 10.1.0.0/16,::1", "fd00::/8"]
      ],
      [
        "CORS_ORIGINS",
        [
          "*",
          "null",
          "shop.example.com",
          "https://shop.example.com/",
          "https://a.example,",
          "ftp://a.example",
          "https://A.example"
        ],
        ["https://shop.example.com", "https://a.example, http://localhost:5173"]
      ],
      ["PORT", ["-1", "65536", "80.5", "abc"], ["0", "65535"]],
      ["DATABASE_URL", ["nonsense", "http://db.example/shop"], ["postgres://db.example/shop", "postgresql://db/shop"]],
      ["DATABASE_POOL_SIZE", ["0", "-3", "2.5"], ["1"]],
      ["DATABASE_START_DEADLINE", ["soon", "2"], ["2 seconds", "500 millis"]],
      ["APP_SECRET", ["a".repeat(31)], ["a".repeat(32), "é".repeat(16)]],
      ["LOG_LEVEL", ["loud", "Info"], ["trace", "fatal"]],
      ["MIGRATE", ["never"], ["auto", "check"]],
      ["EMAIL_FROM", ["shop", "shop at example"], []]
    ]
  for (const [variable, wrong, right] of cases) {
    it.effect(`of ${variable} has a form`, () =>
      Effect.gen(function* () {
        for (const value of wrong) {
          expect(yield* problemsOf({ [variable]: value })).toContainEqual({
            variable,
            problem: expect.stringMatching(/^expected /)
          })
        }
        for (const value of right) yield* read({ [variable]: value })
      })
    )
  }
})

describe("OPS_TOKENS", () => {
  it.effect("are named operators and viewers, each with a token of its own", () =>
    Effect.gen(function* () {
      const { opsTokens } = yield* read({ OPS_TOKENS: "ada:operator:0123456789abcdef,b.lee:viewer:fedcba9876543210" })
      expect(opsTokens.map(({ name, role, token }) => [name, role, Redacted.value(token)])).toEqual([
        ["ada", "operator", "0123456789abcdef"],
        ["b.lee", "viewer", "fedcba9876543210"]
      ])
    })
  )

  it.effect.each([
    "ada:operator:short",
    "ada:owner:0123456789abcdef",
    "ada:0123456789abcdef",
    "ada:viewer:0123456789abcdef,"
  ])("are refused as a whole when one of them is wrong: %s", (OPS_TOKENS) =>
    Effect.gen(function* () {
      expect(yield* problemsOf({ OPS_TOKENS })).toEqual([
        { variable: "OPS_TOKENS", problem: expect.stringMatching(/^expected /) }
      ])
    })
  )
})

describe("a stock keeper elsewhere", () => {
  it.effect("is the sandbox's only where the sandbox runs", () =>
    Effect.gen(function* () {
      expect(yield* read({ INVENTORY_URL: "sandbox" })).toMatchObject({ inventoryUrl: Option.some("sandbox") })
      const problem = "the sandbox runs only while STRIPE_SECRET_KEY is not set"
      const account = { STRIPE_SECRET_KEY: "key", STRIPE_WEBHOOK_SECRET: "webhook" }
      for (const env of [account, production]) {
        expect(yield* problemsOf({ ...env, INVENTORY_URL: "sandbox" })).toContainEqual({
          variable: "INVENTORY_URL",
          problem
        })
      }
    })
  )

  it.effect("has a URL", () =>
    Effect.gen(function* () {
      const INVENTORY_URL = "https://warehouse.example/stock-keeper"
      expect(yield* read({ INVENTORY_URL })).toMatchObject({ inventoryUrl: Option.some(INVENTORY_URL) })
      expect(yield* problemsOf({ INVENTORY_URL: "ftp://warehouse.example" })).toEqual([
        { variable: "INVENTORY_URL", problem: "expected a URL, or sandbox" }
      ])
    })
  )
})

describe("an account at a provider", () => {
  it.effect.each([
    ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "key"],
    ["STRIPE_WEBHOOK_SECRET", "STRIPE_SECRET_KEY", "key"],
    ["RESEND_API_KEY", "EMAIL_FROM", "key"],
    ["EMAIL_FROM", "RESEND_API_KEY", "shop@example.com"]
  ] as const)("that has %s needs %s too", ([given, missing, value]) =>
    Effect.gen(function* () {
      expect(yield* problemsOf({ [given]: value })).toEqual([{ variable: missing, problem: `required with ${given}` }])
    })
  )

  it.effect("is the provider's own, unless another address is given", () =>
    Effect.gen(function* () {
      const { resend, stripe } = yield* read(production)
      expect(Option.getOrUndefined(stripe)?.baseUrl).toBe("https://api.stripe.com")
      expect(Option.getOrUndefined(resend)?.baseUrl).toBe("https://api.resend.com")
      const other = yield* read({ ...production, STRIPE_API_BASE: "http://127.0.0.1:9" })
      expect(Option.getOrUndefined(other.stripe)?.baseUrl).toBe("http://127.0.0.1:9")
    })
  )
})

describe("a secret", () => {
  it.effect("is what was given, and does not show when the settings are printed", () =>
    Effect.gen(function* () {
      const canary = "canary-canary-canary-canary-canary"
      const given = {
        ...production,
        APP_SECRET: canary,
        APP_SECRET_PREVIOUS: canary,
        DATABASE_URL: `postgres://shop:${canary}@db.example/shop`,
        OPS_TOKENS: `ada:operator:${canary}`,
        REDIS_URL: `redis://:${canary}@redis.example:6379`,
        STRIPE_SECRET_KEY: canary,
        STRIPE_WEBHOOK_SECRET: canary,
        RESEND_API_KEY: canary
      }
      const all = yield* read(given)
      expect(plain(all.appSecret)).toBe(canary)
      expect(plain(all.databaseUrl)).toBe(given.DATABASE_URL)
      expect(plain(all.redisUrl)).toBe(given.REDIS_URL)
      expect(JSON.stringify(all)).not.toContain(canary)
      expect(String(all.databaseUrl)).not.toContain(canary)
    })
  )
})
