/**
 * Orders in PostgreSQL: the adapter of `OrderStore`.
 *
 * The claim of a key is `insert … on conflict do nothing`; only when that finds the key taken does a second statement
 * read what it stands for (a union in one statement would miss a row committed in between). A duplicate that meets an
 * open transaction waits for it, 2 seconds at most. A step of the saga locks the order first, then checks its lease.
 */
import { DateTime, Effect, Layer, Option } from "effect"
import type { SqlClient } from "effect/sql"
import { onConstraint } from "../database/constraints.ts"
import { Database } from "../database/Database.ts"
import { DatabaseUnavailable } from "../database/errors.ts"
import { Inventory } from "../dependencies/inventory/Inventory.ts"
import { Analytics } from "../dependencies/analytics/Analytics.ts"
import { Jobs } from "../jobs/Jobs.ts"
import { AskedBy } from "../telemetry/AskedBy.ts"
import { isOfRequest } from "../users/fingerprints.ts"
import { DiscountNotApplicable, IdempotencyInFlight, IdempotencyKeyReused } from "./errors.ts"
import type { OrderCursor } from "./Order.ts"
import { OrderId } from "./Order.ts"
import { OrderChanges } from "./OrderChanges.ts"
import { reachOrderPoint, type Wish } from "./crashPoints.ts"
import { type OrderRow, orderColumns, ownerOf, toOrder } from "./orderRows.ts"
import { orderMails } from "./orderMails.ts"
import { countValue } from "./orderValue.ts"
import { fulfil, requestCancel, requestRefund } from "./orderRequests.ts"
import { advance } from "./orderSteps.ts"
import {
  type Claim,
  type Claimed,
  type ClaimedKey,
  type Kept,
  keyDays,
  type NewOrder,
  orderQueue,
  OrderStore,
  type StoredRefusal
} from "./OrderStore.ts"

/** How long a duplicate waits for the first request's transaction (HTTP.md: 2 s). */
const claimWaitMillis = 2_000
/** An order is placed and its job enqueued in one transaction; one that is without a job for this long has lost it. */
const strayAfterSeconds = 60

export const layer = Layer.effect(
  OrderStore,
  Effect.gen(function* () {
    const database = yield* Database
    const jobs = yield* Jobs
    const changes = yield* OrderChanges
    const analytics = yield* Analytics
    const track = (id: OrderId, steps: ReadonlyArray<string>) =>
      Effect.forEach(steps, (step) => analytics.track({ name: `order_${step}`, about: id }), { discard: true })
    const newKeeper = Option.isSome(yield* Effect.serviceOption(Inventory)) ? "elsewhere" : "here"

    const claimed = Effect.fn("OrderStore.claimed")(function* (claim: Claim) {
      const rows = yield* database.query("orders.claimed", (sql) => readClaim(sql, claim))
      return rows[0] === undefined ? Option.none() : Option.some(yield* toClaimed(claim, rows[0]))
    })

    /** Runs `insert` when the key is free; answers what it stands for when it is not. */
    const claiming = <A, E, R>(
      name: Wish,
      claim: Claim,
      stands: { readonly orderId: string | null; readonly refusal: StoredRefusal | null },
      insert: (sql: SqlClient.SqlClient, expiresAt: DateTime.Utc) => Effect.Effect<A, E, R>
    ) =>
      Effect.andThen(
        reachOrderPoint(`${name}.before`),
        database.transaction(name, (sql) =>
          Effect.gen(function* () {
            // The row to insert comes from the setting, so the setting is in force before anything is waited for.
            const [fresh] = yield* sql<{ expires_at: Date }>`
              with patience as materialized (
                select set_config('lock_timeout', ${`${claimWaitMillis}ms`}, true))
              insert into idempotency_keys (account, route, key, fingerprint, order_id, refusal, request_id, expires_at)
              select ${claim.account}::text, ${claim.route}::text, ${claim.key}::text, ${claim.fingerprint}::bytea,
                ${stands.orderId}::text, ${stands.refusal === null ? null : JSON.stringify(stands.refusal)}::jsonb,
                ${(yield* AskedBy) ?? null}::text, now() + make_interval(days => ${keyDays}) from patience
              on conflict do nothing returning expires_at`
            if (fresh !== undefined) {
              yield* reachOrderPoint(`${name}.claimed`)
              const claimed = yield* insert(sql, DateTime.fromDateUnsafe(fresh.expires_at))
              yield* reachOrderPoint(`${name}.written`)
              return claimed
            }
            const [row] = yield* readClaim(sql, claim)
            // Between the two statements the row can only have been deleted by retention: the caller repeats.
            return row === undefined ? yield* new IdempotencyInFlight() : yield* toClaimed(claim, row)
          })
        )
      ).pipe(
        Effect.tap(reachOrderPoint(`${name}.committed`)),
        Effect.catchIf(
          (error): error is DatabaseUnavailable =>
            error instanceof DatabaseUnavailable && error.reason === "lock_timeout",
          () => new IdempotencyInFlight()
        )
      )

    const place = Effect.fn("OrderStore.place")(function* (claim: Claim, order: NewOrder) {
      return yield* claiming("orders.place", claim, { orderId: order.id, refusal: null }, (sql, expiresAt) =>
        Effect.gen(function* () {
          yield* insertOrder(sql, order)
          yield* jobs.enqueue({ queue: orderQueue, key: order.id, payload: { order_id: order.id } })
          yield* database.afterCommit(Effect.andThen(track(order.id, ["placed"]), countValue(order.price)))
          return { _tag: "Placed", expiresAt } as Claimed
        })
      )
    })

    const refuse = Effect.fn("OrderStore.refuse")(function* (claim: Claim, refusal: StoredRefusal) {
      return yield* claiming("orders.refuse", claim, { orderId: null, refusal }, (_sql, expiresAt) =>
        Effect.succeed<Kept>({ _tag: "Kept", expiresAt })
      )
    })

    const find = Effect.fn("OrderStore.find")(function* (id: OrderId) {
      const [row] = yield* database.query(
        "orders.find",
        (sql) =>
          sql<OrderRow>`select ${orderColumns(sql)} from orders o left join payments p on p.order_id = o.id where o.id = ${id}`
      )
      return Option.map(Option.fromUndefinedOr(row), (found) => ({ userId: ownerOf(found), order: toOrder(found) }))
    })

    const list: OrderStore["Service"]["list"] = Effect.fn("OrderStore.list")(function* (userId, page) {
      const after = Option.getOrUndefined(page.after)
      const rows = yield* database.query(
        "orders.list",
        (sql) =>
          sql<OrderRow>`select ${orderColumns(sql)} from orders o left join payments p on p.order_id = o.id
          where o.user_id = ${userId} ${after === undefined ? sql`` : sql`and (o.created_at, o.id) < (${after.createdAt.pipe(DateTime.toDate)}, ${after.id})`}
          order by o.created_at desc, o.id desc limit ${page.limit + 1}`
      )
      const orders = rows.slice(0, page.limit).map(toOrder)
      const last = orders.at(-1)
      return {
        orders,
        next:
          rows.length > page.limit && last !== undefined
            ? Option.some<OrderCursor>({ createdAt: last.createdAt, id: last.id })
            : Option.none()
      }
    })

    const timeline = Effect.fn("OrderStore.timeline")(function* (id: OrderId) {
      const rows = yield* database.query(
        "orders.timeline",
        (sql) =>
          sql<{
            at: Date
            step: string
          }>`select at, step from order_events where order_id = ${id} order by id limit 1000`
      )
      return rows.map((row) => ({ at: DateTime.fromDateUnsafe(row.at), step: row.step }))
    })

    const step: OrderStore["Service"]["advance"] = Effect.fn("OrderStore.advance")(function* (id, lease, answered) {
      const { next, became } = yield* database.transaction("orders.advance", (sql) =>
        advance(sql, { id, lease, answered, newKeeper }).pipe(
          Effect.tap(({ became }) => Effect.forEach(orderMails(id, became), jobs.enqueue, { discard: true })),
          Effect.tap(reachOrderPoint("step.commit.before"))
        )
      )
      yield* reachOrderPoint("step.commit.after")
      if (became.length > 0) {
        yield* reachOrderPoint("announce.before")
        yield* changes.announce(id)
        yield* reachOrderPoint("announce.after")
        yield* track(id, became)
      }
      return next
    })

    /** A wish under a key: the claim and the wish are one transaction, and the order's job wakes when it is over. */
    const wishing = <E, R>(
      name: Wish,
      claim: Claim,
      id: OrderId,
      write: (sql: SqlClient.SqlClient) => Effect.Effect<void, E, R>
    ) =>
      claiming(name, claim, { orderId: id, refusal: null }, (sql, expiresAt) =>
        Effect.gen(function* () {
          yield* write(sql)
          yield* jobs.wake(orderQueue, id)
          return { _tag: "Placed", expiresAt } as Claimed
        })
      ).pipe(Effect.tap((claimed) => (claimed._tag === "Placed" ? changes.announce(id) : Effect.void)))

    const cancel: OrderStore["Service"]["requestCancel"] = Effect.fn("OrderStore.requestCancel")((claim, order) =>
      wishing("orders.cancel", claim, order.id, (sql) => requestCancel(sql, order))
    )
    const refund: OrderStore["Service"]["requestRefund"] = Effect.fn("OrderStore.requestRefund")((claim, asked) =>
      wishing("orders.refund", claim, asked.id, (sql) => requestRefund(sql, asked))
    )

    const onItsWay = Effect.fn("OrderStore.fulfil")(function* (id: OrderId) {
      const changed = yield* database.transaction("orders.fulfil", (sql) => fulfil(sql, id))
      if (changed) yield* changes.announce(id)
    })

    const findByKey = Effect.fn("OrderStore.findByKey")(function* (asked: ClaimedKey) {
      const [row] = yield* database.query("orders.by_key", (sql) => readClaim(sql, asked))
      return Option.map(Option.fromNullishOr(row?.order_id), (id) => OrderId.make(id))
    })

    const strays = Effect.fn("OrderStore.strays")(function* (limit: number) {
      const rows = yield* database.query(
        "orders.strays",
        (sql) => sql<{ id: string }>`
          with open as (
            select id, updated_at from orders
              where status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed')
            union select id, updated_at from orders where stock_operation is not null)
          select o.id from open o left join jobs j on j.queue = ${orderQueue} and j.key = o.id
          where o.updated_at < now() - make_interval(secs => ${strayAfterSeconds}) and (j.id is null or j.state = 'done')
          order by o.updated_at limit ${limit}`
      )
      return rows.map(({ id }) => OrderId.make(id))
    })

    return OrderStore.of({
      claimed,
      place,
      refuse,
      find,
      list,
      timeline,
      advance: step,
      requestCancel: cancel,
      requestRefund: refund,
      fulfil: onItsWay,
      findByKey,
      strays
    })
  })
)

interface ClaimRow {
  readonly fingerprint: Uint8Array
  readonly order_id: string | null
  readonly refusal: StoredRefusal | null
  readonly expires_at: Date
}

const readClaim = (sql: SqlClient.SqlClient, claim: ClaimedKey) => sql<ClaimRow>`
  select fingerprint, order_id, refusal, expires_at from idempotency_keys
  where account = ${claim.account} and route = ${claim.route} and key = ${claim.key}`

const toClaimed = (claim: Claim, row: ClaimRow): Effect.Effect<Claimed, IdempotencyKeyReused> => {
  if (!isOfRequest(row.fingerprint, claim)) return Effect.fail(new IdempotencyKeyReused())
  const expiresAt = DateTime.fromDateUnsafe(row.expires_at)
  return Effect.succeed(
    row.refusal === null
      ? { _tag: "Replayed", orderId: OrderId.make(row.order_id ?? ""), expiresAt }
      : { _tag: "Refused", refusal: row.refusal, expiresAt }
  )
}

/** All rows of an order in one statement: each more would be another way to the database and back. */
const insertOrder = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, order: NewOrder) {
  const { price } = order
  const lines = order.lines.map((line, position) => ({
    position,
    sku: line.sku,
    name: line.name,
    quantity: line.quantity,
    unit: line.unitPriceCents
  }))
  yield* sql`
    with placed as (
      insert into orders (id, user_id, payment_method, discount_code, client_reference, subtotal_cents, discount_cents,
        shipping_cents, total_cents, currency)
      values (${order.id}, ${order.userId}, ${order.paymentMethod}, ${order.discountCode ?? null},
        ${order.clientReference ?? null}, ${price.subtotalCents}, ${price.discountCents}, ${price.shippingCents},
        ${price.totalCents}, ${price.currency}) returning id, total_cents, currency),
    bought as (
      insert into order_lines (order_id, position, sku, name, quantity, unit_price_cents, total_cents)
      select placed.id, l.position, l.sku, l.name, l.quantity, l.unit, l.unit * l.quantity
      from placed, jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
        as l (position int, sku text, name text, quantity int, unit bigint)),
    owed as (insert into payments (order_id, amount_cents, currency) select id, total_cents, currency from placed)
    insert into order_events (order_id, step) select id, 'placed' from placed`.pipe(
    onConstraint("orders_discount_once", () => new DiscountNotApplicable({ reason: "already_used" }))
  )
})
