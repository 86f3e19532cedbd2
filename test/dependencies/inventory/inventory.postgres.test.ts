/**
 * The stock keeper's contract over the shop's own table: the moves that the saga makes, in the saga's transactions.
 *
 * The fence is the order's row, as it is there: a step looks at the order under its lock before it moves anything, and
 * a release comes with the end of the order.
 */
import { DateTime, Effect, Layer } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { Database } from "../../../src/database/Database.ts"
import { DatabaseUnavailable, QueryTimeout } from "../../../src/database/errors.ts"
import {
  ReservationEnded,
  ReservationLost,
  SkuNotStocked,
  StockShort
} from "../../../src/dependencies/inventory/errors.ts"
import { Inventory, type Reservation } from "../../../src/dependencies/inventory/Inventory.ts"
import * as stockMoves from "../../../src/orders/stockMoves.ts"
import { TestDatabase } from "../../database/testDatabase.ts"
import { Backstage, inventoryContract } from "./contract.ts"

interface Row {
  readonly over: boolean
  readonly state: Reservation["state"] | null
  readonly live: boolean
  readonly expires_at: Date | null
}
const endOf = (state: Reservation["state"]) => (state === "restocked" ? state : "committed")
type Step<E> = Effect.Effect<Reservation, E | SqlError.SqlError>

/** The order under its lock, with its first reservation, which all others go with. */
const locked = (sql: SqlClient.SqlClient, orderId: string) =>
  Effect.andThen(
    sql`select 1 from orders where id = ${orderId} for update`,
    Effect.map(
      sql<Row>`
        select o.status = 'cancelled' as over, r.state, r.expires_at,
          coalesce(r.state = 'held' or r.expires_at > now(), false) as live
        from orders o left join reservations r on r.order_id = o.id where o.id = ${orderId} order by r.sku limit 1`,
      ([row]): Row => row ?? { over: false, state: null, live: false, expires_at: null }
    )
  )

const own = Layer.effect(
  Inventory,
  Effect.gen(function* () {
    const database = yield* Database
    /** A database that does not answer is no part of this contract. */
    const step = <E>(orderId: string, decide: (sql: SqlClient.SqlClient, row: Row) => Step<E>) =>
      database
        .transaction("test.inventory", (sql) => Effect.flatMap(locked(sql, orderId), (row) => decide(sql, row)))
        .pipe(
          Effect.catchIf(
            (error): error is DatabaseUnavailable | QueryTimeout =>
              error instanceof DatabaseUnavailable || error instanceof QueryTimeout,
            Effect.die
          )
        )
    const stands = (sql: SqlClient.SqlClient, orderId: string) =>
      Effect.map(locked(sql, orderId), ({ expires_at, state }): Reservation => ({
        orderId,
        state: state ?? "released",
        expiresAt: expires_at === null ? undefined : DateTime.fromDateUnsafe(expires_at)
      }))
    const ended = (orderId: string, { over, state }: Row) =>
      over || state === "committed" || state === "restocked"
        ? Effect.fail(new ReservationEnded({ orderId, outcome: over || state === null ? "released" : endOf(state) }))
        : Effect.void

    return Inventory.of({
      level: (sku) =>
        Effect.gen(function* () {
          const [row] = yield* database
            .query(
              "test.level",
              (sql) => sql<{ available: number }>`select on_hand - reserved as available from stock where sku = ${sku}`
            )
            .pipe(Effect.orDie)
          if (row === undefined) return yield* new SkuNotStocked({ sku })
          return { sku, available: row.available, source: "live" as const, asOf: yield* DateTime.now }
        }),
      reserve: (orderId, lines) =>
        step(orderId, (sql, row) =>
          Effect.gen(function* () {
            yield* ended(orderId, row)
            if (row.live) return yield* stands(sql, orderId)
            const short = yield* stockMoves.reserve(sql, orderId)
            const shortages = short.map(({ available, position, requested }) => ({
              sku: lines[position]?.sku ?? "",
              requested,
              available
            }))
            return shortages.length > 0 ? yield* new StockShort({ orderId, shortages }) : yield* stands(sql, orderId)
          })
        ),
      hold: (orderId) =>
        step(orderId, (sql, row) =>
          Effect.gen(function* () {
            if (row.state !== "committed") yield* ended(orderId, row)
            const held = row.state === "held" || row.state === "committed" || (yield* stockMoves.hold(sql, orderId))
            return held ? yield* stands(sql, orderId) : yield* new ReservationLost({ orderId })
          })
        ),
      commit: (orderId) =>
        step(orderId, (sql, row) =>
          Effect.gen(function* () {
            if (row.state !== "committed") yield* ended(orderId, row)
            if (!row.live && row.state !== "committed") return yield* new ReservationLost({ orderId })
            yield* stockMoves.commit(sql, orderId)
            return yield* stands(sql, orderId)
          })
        ),
      release: (orderId) =>
        step(orderId, (sql, row) =>
          Effect.gen(function* () {
            if (row.state === "committed") yield* ended(orderId, row)
            yield* stockMoves.release(sql, orderId)
            yield* sql`update orders set status = 'cancelled' where id = ${orderId}`
            return { ...(yield* stands(sql, orderId)), state: "released" as const, expiresAt: undefined }
          })
        ),
      restock: (orderId) =>
        step(orderId, (sql, row) =>
          Effect.gen(function* () {
            if (row.over) yield* ended(orderId, row)
            if (row.state !== "committed" && row.state !== "restocked") return yield* new ReservationLost({ orderId })
            yield* stockMoves.restock(sql, orderId)
            return yield* stands(sql, orderId)
          })
        )
    })
  })
)

const backstage = Layer.effect(
  Backstage,
  Effect.map(Database, (database) => {
    const run = (body: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, SqlError.SqlError>) =>
      Effect.asVoid(Effect.orDie(database.transaction("test.backstage", body)))
    return {
      receive: (sku, received) =>
        run((sql) =>
          Effect.andThen(
            sql`insert into products (id, sku, name, price_cents, currency) values (${`prd_${sku}`}, ${sku}, ${sku}, 5, 'EUR')`,
            sql`insert into stock (sku, on_hand, received) values (${sku}, ${received}, ${received})`
          )
        ),
      order: (orderId, lines) =>
        run((sql) =>
          Effect.gen(function* () {
            yield* sql`insert into users (id, email, email_normalized, name, password)
              values ('usr_1', 'a@example.com', 'a@example.com', 'Ada', 'x') on conflict do nothing`
            yield* sql`insert into orders (id, user_id, payment_method, subtotal_cents, discount_cents, shipping_cents,
              total_cents, currency) values (${orderId}, 'usr_1', 'pm_card_visa', 0, 0, 0, 0, 'EUR')`
            yield* Effect.forEach(
              lines,
              ({ quantity, sku }, position) =>
                sql`insert into order_lines (order_id, position, sku, name, quantity, unit_price_cents, total_cents)
                  values (${orderId}, ${position}, ${sku}, ${sku}, ${quantity}, 0, 0)`,
              { discard: true }
            )
          })
        ),
      expire: (orderId) =>
        run(
          (sql) => sql`update reservations set expires_at = now() - interval '1 second'
          where order_id = ${orderId} and state = 'leased'`
        ),
      shelf: (sku) =>
        Effect.orDie(
          database.query(
            "test.shelf",
            (sql) =>
              sql<{ onHand: number; reserved: number; committed: number }>`
              select on_hand as "onHand", reserved, committed - restocked as committed from stock where sku = ${sku}`
          )
        ).pipe(Effect.map(([row]) => row ?? { onHand: 0, reserved: 0, committed: 0 }))
    }
  })
)

/** Twelve orders want ten connections at once: on a busy machine the last ones wait for longer than a shop would. */
const patient = TestDatabase.layerWith({ acquireMillis: 4_000 })

inventoryContract("over the shop's own table", Layer.provideMerge(Layer.merge(own, backstage), patient))
