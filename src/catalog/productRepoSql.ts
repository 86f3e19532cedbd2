/**
 * The catalogue's tables in PostgreSQL: see `ProductRepo`. Prices are bigint columns read as float8, exact far beyond
 * their CHECK.
 */
import { DateTime, Effect, Option } from "effect"
import type { SqlClient } from "effect/sql"
import { Database } from "../database/Database.ts"
import { ImportRefused } from "./errors.ts"
import type { Product } from "./Product.ts"
import { ProductId, Sku } from "./Product.ts"
import type { ProductRepo, ProductRow } from "./ProductRepo.ts"

interface Row {
  readonly id: string
  readonly sku: string
  readonly name: string
  readonly description: string
  readonly price_cents: number
  readonly currency: string
  readonly created_at: Date
}

const toProduct = (row: Row): Product => ({
  id: ProductId.make(row.id),
  sku: row.sku,
  name: row.name,
  description: row.description,
  price: { amount: row.price_cents, currency: row.currency },
  createdAt: DateTime.fromDateUnsafe(row.created_at)
})

const columns = (sql: SqlClient.SqlClient) =>
  sql.literal("id, sku, name, description, price_cents::float8 as price_cents, currency, created_at")

export const makeProductRepoSql = Effect.gen(function* () {
  const database = yield* Database

  const find: ProductRepo["Service"]["find"] = (id) =>
    database
      .read("products.find", (sql) => sql<Row>`select ${columns(sql)} from products where id = ${id}`)
      .pipe(Effect.map(([row]) => Option.map(Option.fromNullishOr(row), toProduct)))

  const page: ProductRepo["Service"]["page"] = (after, limit) =>
    database
      .read("products.page", (sql) =>
        after === undefined
          ? sql<Row>`select ${columns(sql)} from products order by created_at desc, id desc limit ${limit}`
          : sql<Row>`select ${columns(sql)} from products
                     where (created_at, id) < (${DateTime.toDateUtc(after.createdAt)}, ${after.id})
                     order by created_at desc, id desc limit ${limit}`
      )
      .pipe(Effect.map((rows) => rows.map(toProduct)))

  const stock: ProductRepo["Service"]["stock"] = (id) =>
    database
      .read(
        "products.stock",
        (sql) => sql<{ readonly sku: string; readonly available: number }>`
          select p.sku, coalesce(s.on_hand - s.reserved, 0) as available
          from products p left join stock s on s.sku = p.sku where p.id = ${id}`
      )
      .pipe(
        Effect.map(([row]) =>
          Option.map(Option.fromNullishOr(row), ({ sku, available }) => ({ sku: Sku.make(sku), available }))
        )
      )

  const newest: ProductRepo["Service"]["newest"] = (limit) =>
    database
      .read(
        "products.newest",
        (sql) => sql<Row & { readonly available: number }>`
          select id, p.sku, name, description, price_cents::float8 as price_cents, currency, created_at,
            coalesce(s.on_hand - s.reserved, 0) as available
          from products p left join stock s on s.sku = p.sku
          order by created_at desc, id desc limit ${limit}`
      )
      .pipe(Effect.map((rows) => rows.map((row) => ({ product: toProduct(row), available: row.available }))))

  const prices: ProductRepo["Service"]["prices"] = (skus) =>
    database
      .read(
        "products.prices",
        (sql) => sql<Pick<Row, "sku" | "name" | "price_cents" | "currency">>`
          select sku, name, price_cents::float8 as price_cents, currency from products where ${sql.in("sku", skus)}`
      )
      .pipe(
        Effect.map((rows) =>
          rows.map((row) => ({
            sku: Sku.make(row.sku),
            name: row.name,
            price: { amount: row.price_cents, currency: row.currency }
          }))
        )
      )

  const put: ProductRepo["Service"]["put"] = (products) =>
    database.transaction("products.import", (sql) =>
      Effect.gen(function* () {
        const rows = JSON.stringify(products.map(toJson))
        const written = yield* putProducts(sql, rows)
        const short = yield* lockShortStock(sql, rows)
        if (short.length > 0) {
          return yield* new ImportRefused({ reason: "below_reserved", skus: short.map(({ sku }) => Sku.make(sku)) })
        }
        yield* putStock(sql, rows)
        const added = written.filter((row) => row.added).length
        return { added, changed: written.length - added }
      })
    )

  return { find, page, stock, newest, prices, put } satisfies ProductRepo["Service"]
})

const toJson = (product: ProductRow) => ({
  id: product.id,
  sku: product.sku,
  name: product.name,
  description: product.description,
  price_cents: product.price.amount,
  currency: product.price.currency,
  created_at: DateTime.formatIso(product.createdAt),
  received: product.received
})

/** Locks every product of the import, in the order of SKUs, changed or not: imports of the same goods queue up here. */
const putProducts = (sql: SqlClient.SqlClient, rows: string) => sql<{ readonly added: boolean }>`
  insert into products (id, sku, name, description, price_cents, currency, created_at)
  select id, sku, name, description, price_cents, currency, created_at
  from jsonb_to_recordset(${rows}::jsonb) as p(id text, sku text, name text, description text, price_cents bigint,
                                               currency text, created_at timestamptz)
  order by sku
  on conflict (sku) do update set name = excluded.name, description = excluded.description,
                                  price_cents = excluded.price_cents, currency = excluded.currency
  where (products.name, products.description, products.price_cents, products.currency)
        is distinct from (excluded.name, excluded.description, excluded.price_cents, excluded.currency)
  returning xmax = 0 as added`

/**
 * Locks the stock rows of the import, in the order of SKUs, and answers those that would hold less than is reserved.
 */
const lockShortStock = (sql: SqlClient.SqlClient, rows: string) => sql<{ readonly sku: string }>`
  with locked as (
    select sku, on_hand, reserved, stock.received from stock
    where sku in (select sku from jsonb_to_recordset(${rows}::jsonb) as p(sku text))
    order by sku for update
  )
  select locked.sku from locked
  join jsonb_to_recordset(${rows}::jsonb) as p(sku text, received int) on p.sku = locked.sku
  where locked.on_hand + p.received - locked.received < locked.reserved
  order by locked.sku`

const putStock = (sql: SqlClient.SqlClient, rows: string) => sql`
  insert into stock (sku, on_hand, received)
  select sku, received, received from jsonb_to_recordset(${rows}::jsonb) as p(sku text, received int) order by sku
  on conflict (sku) do update set on_hand = stock.on_hand + excluded.received - stock.received,
                                  received = excluded.received
  where stock.received <> excluded.received`
