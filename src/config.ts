/**
 * Every environment variable that Holdfast reads, decoded once, before anything is opened.
 *
 * All that is wrong or missing is reported together, by name and with what was expected; a rejected value is never
 * repeated, so a mistyped secret does not end in a log. An empty variable counts as absent.
 * Production refuses what is only for trying things out: the embedded database, the sandbox, lifted rate limits.
 */
import { isIP } from "node:net"
import { Config, Duration, Effect, Option, Redacted, Runtime, Schema } from "effect"
import type { LogLevel } from "effect"

/** Exit code 78 (EX_CONFIG of sysexits.h). */
export class ConfigInvalid extends Schema.TaggedError<ConfigInvalid>()("ConfigInvalid", {
  problems: Schema.Array(Schema.Struct({ variable: Schema.String, problem: Schema.String }))
}) {
  readonly category = "fatal" as const
  override readonly [Runtime.errorExitCode] = 78
  override get message() {
    return this.problems.map((p) => `${p.variable}: ${p.problem}`).join("; ")
  }
}

/** HOST and PORT are well written, and still cannot be listened on. Exit code 69 (EX_UNAVAILABLE). */
export class AddressUnavailable extends Schema.TaggedError<AddressUnavailable>()("AddressUnavailable", {
  reason: Schema.Literals(["in_use", "not_permitted", "not_here"]),
  /** Which settings: PORT and HOST, or OPS_PORT and OPS_HOST. */
  prefix: Schema.Literals(["", "OPS_"]),
  host: Schema.String,
  port: Schema.Int
}) {
  readonly category = "fatal" as const
  override readonly [Runtime.errorExitCode] = 69
  /** From what Node says when it cannot listen. */
  static readonly from = (
    { host, port, prefix = "" }: Pick<Settings, "host" | "port"> & { readonly prefix?: "" | "OPS_" },
    cause: unknown
  ) => {
    const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
    const reason = code === "EADDRINUSE" ? "in_use" : code === "EACCES" ? "not_permitted" : "not_here"
    return new AddressUnavailable({ reason, prefix, host, port })
  }
  override get message() {
    const [host, port] = [`${this.prefix}HOST`, `${this.prefix}PORT`]
    const what = {
      in_use: `${port} ${this.port} on ${this.host} is in use by another program: stop that one, or set ${port} to another`,
      not_permitted: `This user may not listen on ${port} ${this.port}: set ${port} to one above 1023`,
      not_here: `${host} ${this.host} is no address of this machine: correct ${host}`
    }[this.reason]
    return `${what}.`
  }
}

export interface OperatorToken {
  readonly name: string
  readonly role: "viewer" | "operator"
  readonly token: Redacted.Redacted
}

export interface Settings {
  readonly production: boolean
  readonly role: "all" | "api" | "worker"
  /** Absent outside production: then one is made and kept in `dataDir`. */
  readonly appSecret: Option.Option<Redacted.Redacted>
  readonly previousAppSecret: Option.Option<Redacted.Redacted>
  readonly host: string
  readonly port: number
  readonly opsHost: string
  readonly opsPort: number
  readonly opsTokens: ReadonlyArray<OperatorToken>
  /** Absent outside production: then an embedded PostgreSQL runs in `dataDir`. */
  readonly databaseUrl: Option.Option<Redacted.Redacted>
  readonly databasePoolSize: number
  readonly databaseStartDeadline: Duration.Duration
  readonly migrate: "auto" | "check"
  readonly dataDir: string
  readonly spoolDir: Option.Option<string>
  /** Absent outside production: then the sandbox stands in for the provider. */
  readonly stripe: Option.Option<StripeAccount>
  readonly resend: Option.Option<{
    readonly baseUrl: string
    readonly apiKey: Redacted.Redacted
    readonly from: string
  }>
  readonly sandboxPort: number
  /** A page of the shop's front end, for customers who come back from their bank. */
  readonly checkoutReturnUrl: string
  /** Absent: the goods are in the shop's own table. `sandbox`: the stock keeper that the sandbox stands in for. */
  readonly inventoryUrl: Option.Option<string>
  readonly recommendationsUrl: Option.Option<string>
  readonly analyticsUrl: Option.Option<string>
  readonly redisUrl: Option.Option<Redacted.Redacted>
  readonly otlpEndpoint: Option.Option<string>
  readonly logLevel: LogLevel.LogLevel
  readonly logFormat: Option.Option<"json" | "pretty">
  /** Whether each request that was served is a line. */
  readonly accessLog: boolean
  /** Lifts limits per address, per account on orders, and in all; never the delay at log in. */
  readonly rateLimits: boolean
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: ReadonlyArray<string>
  /** Origins of pages that may call the API from a browser. */
  readonly corsOrigins: ReadonlyArray<string>
  /** From the signal to the end of what is still under way then. */
  readonly shutdownGrace: Duration.Duration
  /** How much of it the node still takes new connections, so that proxies see first that it is not ready. */
  readonly shutdownDelay: Duration.Duration
  readonly requestDeadline: Option.Option<Duration.Duration>
  /** Where this process is to die, for tests of what is lost then; never in production. */
  readonly crashAt: Option.Option<{ readonly name: string; readonly reach: number }>
  /** `npm start` runs it: then it ends when npm is gone. */
  readonly launchedByNpm: boolean
}

export interface StripeAccount {
  readonly baseUrl: string
  readonly secretKey: Redacted.Redacted
  readonly webhookSecret: Redacted.Redacted
}

const isUrl = (protocols: ReadonlyArray<string>) => (text: string) =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol)
const url = (name: string, ...protocols: ReadonlyArray<string>) =>
  Config.schema(Schema.String.check(Schema.makeFilter(isUrl(protocols))), name)
const secretUrl = (name: string, ...protocols: ReadonlyArray<string>) =>
  Config.map(url(name, ...protocols), Redacted.make)
const positive = (name: string) =>
  Config.schema(Schema.NumberFromString.check(Schema.isInt(), Schema.isGreaterThan(0)), name)
const atLeast32Bytes = (name: string) =>
  Config.map(
    Config.schema(Schema.String.check(Schema.makeFilter((text: string) => Buffer.byteLength(text) >= 32)), name),
    Redacted.make
  )
const port = (name: string) =>
  Config.schema(Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 65535 })), name)
const listOf = (text: string): ReadonlyArray<string> => text.split(",").map((entry) => entry.trim())
const isNetwork = (text: string) => {
  const [address = "", bits, more] = text.split("/")
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return most > 0 && more === undefined && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
}
const isOrigin = (text: string) => isUrl(["http:", "https:"])(text) && new URL(text).origin === text
const logLevels = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  fatal: "Fatal"
} as const

const operatorTokens = Schema.String.check(
  Schema.isPattern(/^[\w.-]+:(viewer|operator):[^\s,:]{16,}(,[\w.-]+:(viewer|operator):[^\s,:]{16,})*$/)
)
const parseOperators = (text: string): ReadonlyArray<OperatorToken> =>
  text.split(",").map((entry) => {
    const [name = "", role, token = ""] = entry.split(":")
    return { name, role: role === "viewer" ? "viewer" : "operator", token: Redacted.make(token) }
  })

const crashPoint = Schema.String.check(Schema.isPattern(/^[a-z_.]+:[1-9]\d{0,5}$/))
const parseCrashPoint = (text: string) => {
  const [name = "", reach] = text.split(":")
  return { name, reach: Number(reach) }
}

/** Each variable: how it is read, and what to tell whoever got it wrong. */
const variables = {
  NODE_ENV: [Config.Literals(["development", "test", "production"], "NODE_ENV"), "development, test or production"],
  ROLE: [Config.Literals(["all", "api", "worker"], "ROLE"), "all, api or worker"],
  APP_SECRET: [atLeast32Bytes("APP_SECRET"), "32 bytes or more of randomness (openssl rand -base64 48)"],
  APP_SECRET_PREVIOUS: [atLeast32Bytes("APP_SECRET_PREVIOUS"), "the secret that APP_SECRET replaced, 32 bytes or more"],
  HOST: [Config.NonEmptyString("HOST"), "an address to listen on"],
  PORT: [port("PORT"), "a port, 0 to 65535"],
  OPS_HOST: [Config.NonEmptyString("OPS_HOST"), "an address to listen on"],
  OPS_PORT: [port("OPS_PORT"), "a port, 0 to 65535"],
  OPS_TOKENS: [
    Config.map(Config.schema(operatorTokens, "OPS_TOKENS"), parseOperators),
    "name:viewer|operator:token,… with tokens of 16 characters or more"
  ],
  OPS_TOKEN: [
    Config.schema(Schema.Redacted(Schema.String.check(Schema.isMinLength(16))), "OPS_TOKEN"),
    "a token of 16 characters or more"
  ],
  DATABASE_URL: [
    secretUrl("DATABASE_URL", "postgres:", "postgresql:"),
    "a URL, postgres://user:password@host:port/database"
  ],
  DATABASE_POOL_SIZE: [positive("DATABASE_POOL_SIZE"), "a whole number above 0"],
  DATABASE_START_DEADLINE: [Config.Duration("DATABASE_START_DEADLINE"), "a duration, like 30 seconds"],
  MIGRATE: [Config.Literals(["auto", "check"], "MIGRATE"), "auto or check"],
  DATA_DIR: [Config.NonEmptyString("DATA_DIR"), "a folder"],
  SPOOL_DIR: [Config.NonEmptyString("SPOOL_DIR"), "a folder on a volume that lasts"],
  STRIPE_API_BASE: [url("STRIPE_API_BASE", "http:", "https:"), "a URL, https://api.stripe.com"],
  STRIPE_SECRET_KEY: [Config.Redacted("STRIPE_SECRET_KEY"), "the payment provider's secret key"],
  STRIPE_WEBHOOK_SECRET: [Config.Redacted("STRIPE_WEBHOOK_SECRET"), "the payment provider's webhook signing secret"],
  RESEND_API_BASE: [url("RESEND_API_BASE", "http:", "https:"), "a URL, https://api.resend.com"],
  RESEND_API_KEY: [Config.Redacted("RESEND_API_KEY"), "the email provider's key"],
  EMAIL_FROM: [
    Config.schema(Schema.String.check(Schema.isPattern(/^[^\s@]+@[^\s@]+$/)), "EMAIL_FROM"),
    "the sender's address"
  ],
  CHECKOUT_RETURN_URL: [
    url("CHECKOUT_RETURN_URL", "http:", "https:"),
    "a URL of the shop's front end, where customers come back to from their bank"
  ],
  SANDBOX_PORT: [port("SANDBOX_PORT"), "a port, 0 to 65535"],
  INVENTORY_URL: [
    Config.schema(
      Schema.Union([Schema.Literal("sandbox"), Schema.String.check(Schema.makeFilter(isUrl(["http:", "https:"])))]),
      "INVENTORY_URL"
    ),
    "a URL, or sandbox"
  ],
  RECOMMENDATIONS_URL: [url("RECOMMENDATIONS_URL", "http:", "https:"), "a URL"],
  ANALYTICS_URL: [url("ANALYTICS_URL", "http:", "https:"), "a URL"],
  REDIS_URL: [secretUrl("REDIS_URL", "redis:", "rediss:"), "a URL, redis://host:port"],
  OTEL_EXPORTER_OTLP_ENDPOINT: [url("OTEL_EXPORTER_OTLP_ENDPOINT", "http:", "https:"), "a URL, http://collector:4318"],
  LOG_LEVEL: [
    Config.map(
      Config.Literals(["trace", "debug", "info", "warn", "error", "fatal"], "LOG_LEVEL"),
      (level) => logLevels[level]
    ),
    "trace, debug, info, warn, error or fatal"
  ],
  LOG_FORMAT: [Config.Literals(["json", "pretty"], "LOG_FORMAT"), "json or pretty"],
  ACCESS_LOG: [Config.Literals(["on", "off"], "ACCESS_LOG"), "on or off"],
  RATE_LIMITS: [Config.Literals(["on", "off"], "RATE_LIMITS"), "on or off"],
  TRUSTED_PROXIES: [
    Config.map(
      Config.schema(
        Schema.String.check(Schema.makeFilter((text: string) => listOf(text).every(isNetwork))),
        "TRUSTED_PROXIES"
      ),
      listOf
    ),
    "addresses and networks with commas between them, like 10.0.0.7, 10.1.0.0/16"
  ],
  CORS_ORIGINS: [
    Config.map(
      Config.schema(
        Schema.String.check(Schema.makeFilter((text: string) => listOf(text).every(isOrigin))),
        "CORS_ORIGINS"
      ),
      listOf
    ),
    "origins with commas between them, like https://shop.example.com, without a path"
  ],
  SHUTDOWN_DELAY: [Config.Duration("SHUTDOWN_DELAY"), "a duration, like 3 seconds"],
  SHUTDOWN_GRACE: [Config.Duration("SHUTDOWN_GRACE"), "a duration, like 10 seconds"],
  CRASH_AT: [Config.map(Config.schema(crashPoint, "CRASH_AT"), parseCrashPoint), "a crash point and a count, name:1"],
  npm_lifecycle_event: [Config.String("npm_lifecycle_event"), "what npm sets"],
  REQUEST_DEADLINE: [Config.Duration("REQUEST_DEADLINE"), "a duration, like 5 seconds"]
} as const satisfies Record<string, readonly [Config.Config<unknown>, expected: string]>

type Variables = typeof variables
type Read = { readonly [Name in keyof Variables]: Option.Option<Effect.Success<Variables[Name][0]>> }

/** The names that Holdfast reads, for the documentation and its test. */
export const variableNames = Object.keys(variables)

/** Without these a production node does not start. */
const requiredInProduction = [
  "APP_SECRET",
  "DATABASE_URL",
  "OPS_TOKENS",
  "STRIPE_SECRET_KEY",
  "STRIPE_WEBHOOK_SECRET",
  "RESEND_API_KEY",
  "EMAIL_FROM",
  "CHECKOUT_RETURN_URL"
] as const satisfies ReadonlyArray<keyof Variables>

/** One without the other would silently fall back to the sandbox. */
const setTogether = [
  ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"],
  ["RESEND_API_KEY", "EMAIL_FROM"]
] as const satisfies ReadonlyArray<readonly [keyof Variables, keyof Variables]>

/** The settings of this process, from its environment. Fails once, with every problem. */
export const settings: Effect.Effect<Settings, ConfigInvalid> = Effect.gen(function* () {
  const problems: Array<{ variable: string; problem: string }> = []
  const found: Record<string, Option.Option<unknown>> = {}
  for (const [variable, [config, expected]] of Object.entries(variables)) {
    const read = yield* Effect.result(Config.option(config as Config.Config<unknown>))
    if (read._tag === "Success") found[variable] = read.success
    else problems.push({ variable, problem: `expected ${expected}` })
  }
  const read = found as Read
  const invalid = new Set(problems.map((p) => p.variable))
  const production = read.NODE_ENV !== undefined && Option.contains(read.NODE_ENV, "production")
  if (production) {
    for (const variable of requiredInProduction) {
      const alternative = variable === "OPS_TOKENS" && Option.isSome(read.OPS_TOKEN ?? Option.none())
      if (invalid.has(variable) || alternative || Option.isSome<unknown>(read[variable])) continue
      problems.push({ variable, problem: `required in production: ${variables[variable][1]}` })
    }
    if (read.RATE_LIMITS !== undefined && Option.contains(read.RATE_LIMITS, "off")) {
      problems.push({ variable: "RATE_LIMITS", problem: "cannot be off in production" })
    }
    if (read.CRASH_AT !== undefined && Option.isSome(read.CRASH_AT)) {
      problems.push({ variable: "CRASH_AT", problem: "cannot be set in production" })
    }
  }
  if (Option.contains(read.INVENTORY_URL ?? Option.none(), "sandbox") && (production || hasProvider(read))) {
    problems.push({ variable: "INVENTORY_URL", problem: "the sandbox runs only while STRIPE_SECRET_KEY is not set" })
  }
  const grace = Option.getOrElse(read.SHUTDOWN_GRACE ?? Option.none(), () => defaultGrace)
  const delay = Option.getOrElse(read.SHUTDOWN_DELAY ?? Option.none(), () => defaultDelay(production))
  if (!Duration.isLessThan(delay, grace)) {
    problems.push({ variable: "SHUTDOWN_DELAY", problem: "expected less than SHUTDOWN_GRACE" })
  }
  for (const [one, other] of setTogether) {
    if (
      invalid.has(one) ||
      invalid.has(other) ||
      Option.isSome<unknown>(read[one]) === Option.isSome<unknown>(read[other])
    )
      continue
    const missing = Option.isSome<unknown>(read[one]) ? other : one
    if (problems.some((p) => p.variable === missing)) continue
    problems.push({ variable: missing, problem: `required with ${missing === one ? other : one}` })
  }
  if (problems.length > 0) return yield* new ConfigInvalid({ problems })
  return assemble(read, production)
})

const hasProvider = (read: Read) => Option.isSome(read.STRIPE_SECRET_KEY ?? Option.none())

const defaultGrace = Duration.seconds(10)
/** A common proxy looks once a second and believes two looks. Nobody looks at a shop that runs in a terminal. */
const defaultDelay = (production: boolean) => (production ? Duration.seconds(3) : Duration.zero)

const assemble = (read: Read, production: boolean): Settings => {
  const or = <A, B>(value: Option.Option<A>, otherwise: B): A | B => Option.getOrElse(value, () => otherwise)
  const dataDir = or(read.DATA_DIR, ".data")
  return {
    production,
    role: or(read.ROLE, "all"),
    appSecret: read.APP_SECRET,
    previousAppSecret: read.APP_SECRET_PREVIOUS,
    host: or(read.HOST, production ? "0.0.0.0" : "127.0.0.1"),
    port: or(read.PORT, 3000),
    opsHost: or(read.OPS_HOST, "127.0.0.1"),
    opsPort: or(read.OPS_PORT, 3001),
    opsTokens: Option.getOrElse(read.OPS_TOKENS, () =>
      Option.match(read.OPS_TOKEN, {
        onNone: () => [],
        onSome: (token) => [{ name: "operator", role: "operator" as const, token }]
      })
    ),
    databaseUrl: read.DATABASE_URL,
    databasePoolSize: or(read.DATABASE_POOL_SIZE, 10),
    databaseStartDeadline: or(read.DATABASE_START_DEADLINE, Duration.seconds(30)),
    migrate: or(read.MIGRATE, production ? "check" : "auto"),
    dataDir,
    spoolDir: production ? read.SPOOL_DIR : Option.some(or(read.SPOOL_DIR, `${dataDir}/spool`)),
    stripe: Option.map(
      Option.all([read.STRIPE_SECRET_KEY, read.STRIPE_WEBHOOK_SECRET]),
      ([secretKey, webhookSecret]) => ({
        baseUrl: or(read.STRIPE_API_BASE, "https://api.stripe.com"),
        secretKey,
        webhookSecret
      })
    ),
    resend: Option.map(Option.all([read.RESEND_API_KEY, read.EMAIL_FROM]), ([apiKey, from]) => ({
      baseUrl: or(read.RESEND_API_BASE, "https://api.resend.com"),
      apiKey,
      from
    })),
    checkoutReturnUrl: or(read.CHECKOUT_RETURN_URL, "http://localhost:3000/"),
    sandboxPort: or(read.SANDBOX_PORT, 3002),
    inventoryUrl: read.INVENTORY_URL,
    recommendationsUrl: read.RECOMMENDATIONS_URL,
    analyticsUrl: read.ANALYTICS_URL,
    redisUrl: read.REDIS_URL,
    otlpEndpoint: read.OTEL_EXPORTER_OTLP_ENDPOINT,
    logLevel: or(read.LOG_LEVEL, "Info"),
    logFormat: read.LOG_FORMAT,
    accessLog: or(read.ACCESS_LOG, production ? "on" : "off") === "on",
    rateLimits: or(read.RATE_LIMITS, "on") === "on",
    trustedProxies: or(read.TRUSTED_PROXIES, []),
    corsOrigins: or(read.CORS_ORIGINS, []),
    shutdownGrace: or(read.SHUTDOWN_GRACE, defaultGrace),
    shutdownDelay: or(read.SHUTDOWN_DELAY, defaultDelay(production)),
    requestDeadline: read.REQUEST_DEADLINE,
    crashAt: read.CRASH_AT,
    launchedByNpm: Option.contains(read.npm_lifecycle_event, "start") && !production
  }
}
