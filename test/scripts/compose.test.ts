/**
 * docker-compose.yml and the Dockerfile, as far as they can be held without an engine: what they set is what config.ts reads,
 * versions are pinned, and the order of starting is the one that production needs.
 */
import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { Yaml } from "effect/encoding"
import { existsSync, readFileSync } from "node:fs"
import { BlockList } from "node:net"
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
  readonly ports?: ReadonlyArray<string>
  readonly secrets?: ReadonlyArray<string>
  readonly networks?: Readonly<Record<string, { readonly ipv4_address: string }>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test?: ReadonlyArray<string> }
  readonly stop_grace_period?: string
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>
  readonly networks: {
    readonly default: {
      readonly ipam: { readonly config: ReadonlyArray<{ readonly subnet: string; readonly ip_range?: string }> }
    }
  }
}

const compose = Yaml.parse(file("docker-compose.yml")) as Compose // the tests below look at what they use of it
const { "app-1": app, "app-2": second, migrate, postgres, prometheus, proxy } = compose.services
const services = Object.values(compose.services)
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
  CHECKOUT_RETURN_URL: "https://shop.example/orders",
  METRICS_TOKEN: "prometheus-0123456789",
  GRAFANA_PASSWORD: "password"
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
    const pulled = services.flatMap(({ image = "none" }) => (image === "holdfast" ? [] : [image]))
    expect(pulled.filter((image) => !/:v?\d+\.\d+(\.\d+)?$/.test(image))).toEqual([])
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
    expect(new Set(bases)).toEqual(new Set([`node:${packageJson.dependencies.node}-slim`]))
  })

  it("starts PostgreSQL, then the migration, then the shop", () => {
    expect(postgres?.healthcheck?.test).toContain("pg_isready")
    expect(migrate?.depends_on).toEqual({ postgres: { condition: "service_healthy" } })
    expect(app?.depends_on).toMatchObject({ migrate: { condition: "service_completed_successfully" } })
    expect(migrate?.command).toEqual(["node", "src/main.ts", "migrate"])
  })

  it("keeps data on volumes, each of one service, and gives the shop longer to end than it takes", () => {
    const mounts = services.flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(":")[0] ?? ""))
    expect(mounts.filter((mount) => !mount.startsWith("./"))).toEqual(Object.keys(compose.volumes))
    const seconds = (text: string | undefined) => Number.parseInt(text ?? "", 10)
    expect(seconds(app?.stop_grace_period)).toBeGreaterThan(seconds(app?.environment?.["SHUTDOWN_GRACE"]))
    expect(second?.environment).toEqual(app?.environment)
  })

  it("mounts only files that there are, and opens each port once, to this machine alone", () => {
    const mounted = services.flatMap(({ volumes = [] }) => volumes.filter((volume) => volume.startsWith("./")))
    const missing = mounted.filter((volume) => !existsSync(join(root, volume.split(":")[0] ?? "")))
    expect([mounted.length > 5, missing]).toEqual([true, []])
    const ports = services.flatMap(({ ports: opened = [] }) => opened)
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([])
    expect(new Set(ports.map((port) => port.split(":")[1])).size).toBe(ports.length)
  })

  it("puts every node behind the proxy, which asks whether it is ready, and whose word the nodes take", () => {
    const caddy = file("ops/proxy/Caddyfile")
    expect(caddy).toContain("reverse_proxy app-1:3000 app-2:3000 {")
    expect(caddy).toMatch(/health_uri \/readyz\n\s+health_interval 1s/)
    const believed = proxy?.networks?.["default"]?.ipv4_address ?? ""
    expect(app?.environment?.["TRUSTED_PROXIES"]).toBe(believed)
    const [{ ip_range: given = "", subnet = "" } = {}] = compose.networks.default.ipam.config
    const within = (range: string) => {
      const [address = "", bits] = range.split("/")
      const block = new BlockList()
      block.addSubnet(address, Number(bits))
      return block.check(believed)
    }
    expect([within(subnet), within(given)]).toEqual([true, false])
  })

  it("has Prometheus ask every node with a token of its own, and Grafana show what it finds", () => {
    const asked = Yaml.parse(file("ops/prometheus/prometheus.yml")) as {
      readonly rule_files: ReadonlyArray<string>
      readonly scrape_configs: ReadonlyArray<{
        readonly authorization: { readonly credentials_file: string }
        readonly static_configs: ReadonlyArray<{ readonly targets: ReadonlyArray<string> }>
      }>
    }
    const [job] = asked.scrape_configs
    expect(job?.static_configs[0]?.targets).toEqual(["app-1:3001", "app-2:3001"])
    expect(job?.authorization.credentials_file).toBe("/run/secrets/metrics_token")
    expect([prometheus?.secrets, compose.secrets]).toEqual([
      ["metrics_token"],
      { metrics_token: { environment: "METRICS_TOKEN" } }
    ])
    expect(app?.environment?.["OPS_TOKENS"]).toMatch(/,prometheus:viewer:\$\{METRICS_TOKEN/)
    expect(prometheus?.volumes?.some((volume) => volume.endsWith(`${asked.rule_files[0]}:ro`))).toBe(true)
    expect(file("ops/grafana/provisioning/datasources/prometheus.yml")).toContain("url: http://prometheus:9090")
    const collector = file("ops/collector/config.yml")
    expect(collector).toContain(`:${new URL(app?.environment?.["OTEL_EXPORTER_OTLP_ENDPOINT"] ?? "").port}\n`)
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
