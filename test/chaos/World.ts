/**
 * The world of one scenario: the real shop on a real PostgreSQL and the provider's stand-in, with a wire to each of them
 * that can fail, and processes that can be killed.
 */
import { Effect, Redacted } from "effect"
import { Database } from "../../src/database/Database.ts"
import { customer, type Customer, request, untilCatalogueIsKnown } from "../main/client.ts"
import type { Environment } from "../main/process.ts"
import { type FaultProxy, faultProxy, over } from "./FaultProxy.ts"
import { type Node, startNode } from "./node.ts"
import { type Postgres, type PostgresOptions, privatePostgres, temporaryFolder } from "./postgres.ts"
import { type Provider, startProvider } from "./provider.ts"

export interface World {
  readonly nodes: readonly [Node, ...ReadonlyArray<Node>]
  readonly postgres: Postgres & { readonly wire: FaultProxy }
  readonly provider: Provider
  readonly customers: ReadonlyArray<Customer>
  /** The product whose stock they look at. */
  readonly productId: string
}

export interface WorldOptions {
  readonly nodes?: 1 | 2
  readonly env?: Environment
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

/** Everything runs, the shelves are full, the customers have logged in, and each node knows its catalogue. */
export const makeWorld = Effect.fnUntraced(function* (options: WorldOptions) {
  const postgres = yield* Effect.orDie(privatePostgres(options.postgres ?? {}))
  const wire = yield* faultProxy({ host: "127.0.0.1", port: portOf(postgres.url) })
  const folder = yield* temporaryFolder
  const provider = yield* startProvider(`${folder}/sandbox`)
  const start = (number: number) =>
    startNode({
      DATABASE_URL: over(wire, postgres.url),
      DATA_DIR: `${folder}/node-${number}`,
      APP_SECRET: secret,
      ...provider.env,
      RATE_LIMITS: "off",
      ...options.env
    })
  const first = yield* start(1)
  const second = options.nodes === 2 ? [yield* start(2)] : []
  yield* provider.sendWebhooksTo(first.url)
  const who = yield* Effect.replicateEffect(customer(first.url), customers)
  for (const { url } of [first, ...second]) yield* untilCatalogueIsKnown(url)
  yield* fillShelves.pipe(Effect.provide(judgesDatabase(postgres.url)), Effect.orDie)
  return {
    nodes: [first, ...second],
    postgres: { ...postgres, wire },
    provider,
    customers: who,
    productId: yield* productAt(first.url)
  } satisfies World
})

/** The judge's own way to the database, past the wire. */
export const judgesDatabase = (url: string) => Database.layer({ url: Redacted.make(url), poolSize: 2 })
