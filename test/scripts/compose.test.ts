/**
 * docker-compose.yml and the Dockerfile, as far as they can be held without an engine: what they set is what config.ts reads,
 * versions are pinned, and the order of starting is the one that production needs.
 */
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { Yaml } from "effect/encoding"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { settings, variableNames } from "../../src/config.ts"
import packageJson from "../../package.json" with { type: "json" }
import { root } from "../forbidden/syntax.ts"

const file = (path: string) => readFileSync(join(root, path), "utf8")

interface Service {
  readonly image?: string
  readonly command?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: ReadonlyArray<string>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test?: ReadonlyArray<string> }
  readonly stop_grace_period?: string
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const compose = Yaml.parse(file("docker-compose.yml")) as Compose // the tests below look at what they use of it
const { app, migrate, postgres } = compose.services
const dockerfile = file("Dockerfile")

/** What somebody puts into their environment; `${NAME:?why}` in the file takes it from there. */
const secrets: Readonly<Record<string, string>> = {
  APP_SECRET: "a".repeat(48),
  POSTGRES_PASSWORD: "0123456789abcdef",
  OPS_TOKENS: "ada:operator:0123456789abcdef",
  STRIPE_SECRET_KEY: "key",
  STRIPE_WEBHOOK_SECRET: "signing",
  RESEND_API_KEY: "key",
  EMAIL_FROM: "shop@example.com",
  CHECKOUT_RETURN_URL: "https://shop.example/orders"
}
const required = /\$\{(\w+):\?([^}]+)\}/g

describe("docker compose", () => {
  it("sets only variables that config.ts reads", () => {
    const known = new Set(variableNames)
    expect(Object.keys(app?.environment ?? {}).filter((name) => !known.has(name))).toEqual([])
    expect(migrate?.environment).toEqual(app?.environment)
  })

  it.effect("sets everything that a production node needs", () =>
    Effect.gen(function* () {
      const filled = Object.entries(app?.environment ?? {}).map(([name, value]) => [
        name,
        value.replaceAll(required, (_all, secret: string) => secrets[secret] ?? "")
      ])
      const environment = ConfigProvider.layer(ConfigProvider.fromEnvRecord(Object.fromEntries(filled)))
      const { production } = yield* settings.pipe(Effect.provide(environment))
      expect(production).toBe(true)
    })
  )

  it("takes every secret from the environment, and says of each that is missing what it is", () => {
    const asked = [...file("docker-compose.yml").matchAll(required)].map(([, name, why = ""]) => [
      name,
      why.length > 10
    ])
    expect(new Set(asked.map(([name]) => name))).toEqual(new Set(Object.keys(secrets)))
    expect(asked.filter(([, explained]) => !explained)).toEqual([])
  })

  it("pins the version of what it pulls", () => {
    expect(postgres?.image).toMatch(/^postgres:18\.\d+$/)
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
    expect(new Set(bases)).toEqual(new Set([`node:${packageJson.dependencies.node}-slim`]))
  })

  it("starts PostgreSQL, then the migration, then the shop", () => {
    expect(postgres?.healthcheck?.test).toContain("pg_isready")
    expect(migrate?.depends_on).toEqual({ postgres: { condition: "service_healthy" } })
    expect(app?.depends_on).toMatchObject({ migrate: { condition: "service_completed_successfully" } })
    expect(migrate?.command).toEqual(["node", "src/main.ts", "migrate"])
  })

  it("keeps data on volumes, and gives the shop longer to end than it takes", () => {
    const kept = [...(postgres?.volumes ?? []), ...(app?.volumes ?? [])].map((volume) => volume.split(":")[0])
    expect(kept).toEqual(Object.keys(compose.volumes))
    const seconds = (text: string | undefined) => Number.parseInt(text ?? "", 10)
    expect(seconds(app?.stop_grace_period)).toBeGreaterThan(seconds(app?.environment?.["SHUTDOWN_GRACE"]))
  })
})

describe("the image", () => {
  it("runs the program itself, as nobody special, and asks only whether it lives", () => {
    expect(dockerfile).toMatch(/^USER node$/m)
    expect(dockerfile).toMatch(/^CMD \["node", "--max-semi-space-size=16", "src\/main\.ts"\]$/m)
    expect(dockerfile).toMatch(/HEALTHCHECK[^]*\/livez/)
  })

  it("is built from the packages, the migrations and the source alone", () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = ""]) => files.split(" "))
    const letIn = file(".dockerignore").match(/(?<=^!).+$/gm)
    expect(new Set(letIn)).toEqual(new Set(copied))
    expect(file(".dockerignore")).toMatch(/^\*$/m)
  })
})
