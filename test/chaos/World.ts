/**
 * The world of one scenario: the real shop on a real PostgreSQL and the provider's stand-in, with a wire to each of them
 * that can fail, and processes that can be killed.
 */
import { Effect, Redacted } from "effect"
import { Database } from "../../src/database/Database.ts"
import { installed } from "../dependencies/redis/program.ts"
import { redisServer } from "../dependencies/redis/redisServer.ts"
import { customer, type Customer, request, untilCatalogueIsKnown } from "../main/client.ts"
import type { Environment } from "../main/process.ts"
import { startProxy } from "../main/proxy.ts"
import { type FaultProxy, faultProxy, over } from "./FaultProxy.ts"
import { type Node, startNode } from "./node.ts"
import { type Postgres, type PostgresOptions, privatePostgres, temporaryFolder } from "./postgres.ts"
import { type Provider, startProvider } from "./provider.ts"
import { type TlsWire, tlsWire } from "./tlsWire.ts"

export interface World {
  readonly nodes: readonly [Node, ...ReadonlyArray<Node>]
  /** Where customers go: the node, or a proxy that honours readiness before two of them. */
  readonly url: string
  /** Whether a customer who hears nothing, or 503, asks once more. */
  readonly asksAgain: boolean
  readonly postgres: Postgres & { readonly wire: FaultProxy }
  readonly provider: Provider
  /** Where the scenario wants one and there is a `redis-server`. */
  readonly redis?: (Effect.Success<typeof redisServer> & { readonly wire: FaultProxy }) | undefined
  /** Where the scenario wants the payment provider behind TLS. */
  readonly payments?: TlsWire | undefined
  readonly customers: ReadonlyArray<Customer>
  /** The product whose stock they look at. */
  readonly productId: string
}

export interface WorldOptions {
  readonly nodes?: 1 | 2
  readonly asksAgain?: boolean
  readonly env?: Environment
  readonly goodsElsewhere?: boolean
  readonly paymentsOverTls?: boolean
  readonly redis?: boolean
  readonly descriptors?: number
  readonly postgres?: PostgresOptions
}

const secret = "not a secret, but long enough for the shop"
/** Each of them hands in a few orders during an outage: what is taken for later is limited for one account. */
const customers = 8
/** Nobody runs out of what the load buys; scarcity is a scenario's own matter. */
const plenty = 10_000_000

const portOf = (url: string) => Number(new URL(url).port)

const fillShelves = Effect.flatMap(Database, (database) =>
  database.query(
    "chaos.shelves",
    (sql) => sql`update stock set on_hand = on_hand + ${plenty}, received = received + ${plenty}`
  )
)

const productAt = (url: string) =>
  Effect.map(
    request<{ readonly data: ReadonlyArray<{ readonly id: string }> }>(`${url}/v1/products?limit=1`),
    (answer) => answer?.body.data[0]?.id ?? ""
  )

const wiredRedis = Effect.gen(function* () {
  const server = yield* redisServer
  const wire = yield* faultProxy({ host: "127.0.0.1", port: portOf(Redacted.value(server.url)) })
  return { ...server, wire }
})

const doorOf = Effect.fnUntraced(function* (nodes: readonly [Node, ...ReadonlyArray<Node>]) {
  if (nodes.length === 1) return nodes[0].url
  const proxy = yield* startProxy
  for (const { url } of nodes) yield* proxy.add(url)
  yield* proxy.untilReady(nodes.length)
  return proxy.url
})

/** Everything runs, the shelves are full, the customers have logged in, and each node knows its catalogue. */
export const makeWorld = Effect.fnUntraced(function* (options: WorldOptions) {
  const postgres = yield* Effect.orDie(privatePostgres(options.postgres ?? {}))
  const wire = yield* faultProxy({ host: "127.0.0.1", port: portOf(postgres.url) })
  const folder = yield* temporaryFolder
  const provider = yield* startProvider(`${folder}/sandbox`)
  const redis = options.redis === true && installed() ? yield* wiredRedis : undefined
  const payments = options.paymentsOverTls === true ? yield* tlsWire(provider.wire.port, folder) : undefined
  const start = (number: number) =>
    startNode(
      {
        DATABASE_URL: over(wire, postgres.url),
        DATA_DIR: `${folder}/node-${number}`,
        APP_SECRET: secret,
        ...provider.env,
        ...(options.goodsElsewhere === true ? provider.goodsElsewhere : {}),
        ...(payments === undefined ? {} : { STRIPE_API_BASE: payments.url }),
        RATE_LIMITS: "off",
        ...(redis === undefined ? {} : { REDIS_URL: over(redis.wire, Redacted.value(redis.url)) }),
        ...options.env
      },
      options.descriptors
    )
  const first = yield* start(1)
  const second = options.nodes === 2 ? [yield* start(2)] : []
  const url = yield* doorOf([first, ...second])
  yield* provider.sendWebhooksTo(url)
  const who = yield* Effect.replicateEffect(customer(url), customers, { concurrency: 2 })
  for (const { url } of [first, ...second]) yield* untilCatalogueIsKnown(url)
  yield* fillShelves.pipe(Effect.provide(judgesDatabase(postgres.url)), Effect.orDie)
  return {
    nodes: [first, ...second],
    url,
    asksAgain: second.length > 0 && options.asksAgain !== false,
    postgres: { ...postgres, wire },
    provider,
    redis,
    payments,
    customers: who,
    productId: yield* productAt(first.url)
  } satisfies World
})

/** The judge's own way to the database, past the wire. */
export const judgesDatabase = (url: string) => Database.layer({ url: Redacted.make(url), poolSize: 2 })
