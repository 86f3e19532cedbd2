/** Orders on maps, for tests and for the shop in memory: the rules of `OrderStore`, decided by the same machine. */
import { DateTime, Effect, Layer, Option } from "effect"
import { StockMemory } from "../catalog/StockMemory.ts"
import { Sku } from "../catalog/Product.ts"
import { Jobs } from "../jobs/Jobs.ts"
import { DiscountNotApplicable, IdempotencyKeyReused } from "./errors.ts"
import { type Failure, type Order, type OrderId, type OrderStatus, paymentOf } from "./Order.ts"
import { OrderChanges } from "./OrderChanges.ts"
import {
  type Claim,
  type Claimed,
  keyDays,
  type NewOrder,
  type NextStep,
  operationKey,
  orderQueue,
  OrderStore,
  type TimelineEntry
} from "./OrderStore.ts"
import { apply, type Change, decide, record as changesOf, type SagaRecord } from "./saga.ts"

interface Row {
  readonly placed: NewOrder
  readonly createdAt: DateTime.Utc
  record: SagaRecord
  version: number
  failure: Failure | undefined
  nextAction: { readonly url: string; readonly expiresAt: DateTime.Utc } | undefined
  readonly timeline: Array<TimelineEntry>
}

const make = Effect.gen(function* () {
  const jobs = yield* Jobs
  const changes = yield* OrderChanges
  const stock = yield* StockMemory
  const rows = new Map<OrderId, Row>()
  const claims = new Map<string, { readonly fingerprint: Uint8Array; readonly stands: Claimed }>()
  const nameOf = (claim: Claim) => JSON.stringify([claim.account, claim.route, claim.key])

  const standing = (claim: Claim): Effect.Effect<Option.Option<Claimed>, IdempotencyKeyReused> => {
    const known = claims.get(nameOf(claim))
    if (known === undefined) return Effect.succeedNone
    return Buffer.compare(known.fingerprint, claim.fingerprint) === 0
      ? Effect.succeedSome(known.stands)
      : Effect.fail(new IdempotencyKeyReused())
  }

  const discountUsed = (order: NewOrder) =>
    order.discountCode !== undefined &&
    [...rows.values()].some(
      ({ placed, record: { status } }) =>
        placed.userId === order.userId &&
        placed.discountCode === order.discountCode &&
        status !== "failed" &&
        status !== "cancelled"
    )

  const place = Effect.fnUntraced(function* (claim: Claim, order: NewOrder) {
    const before = yield* standing(claim)
    if (Option.isSome(before)) return before.value
    if (discountUsed(order)) return yield* new DiscountNotApplicable({ reason: "already_used" })
    const now = yield* DateTime.now
    const expiresAt = DateTime.add(now, { days: keyDays })
    const stands: Claimed = { _tag: "Replayed", orderId: order.id, expiresAt }
    claims.set(nameOf(claim), { fingerprint: claim.fingerprint, stands })
    rows.set(order.id, {
      placed: order,
      createdAt: now,
      record: freshRecord(order, DateTime.toEpochMillis(now)),
      version: 1,
      failure: undefined,
      nextAction: undefined,
      timeline: [{ at: now, step: "placed" }]
    })
    yield* jobs.enqueue({ queue: orderQueue, key: order.id, payload: { order_id: order.id } })
    return { _tag: "Placed", expiresAt } as Claimed
  })

  const refuse: OrderStore["Service"]["refuse"] = Effect.fnUntraced(function* (claim, refusal) {
    const before = yield* standing(claim)
    if (Option.isSome(before)) return before.value
    const stands: Claimed = { _tag: "Refused", refusal }
    claims.set(nameOf(claim), { fingerprint: claim.fingerprint, stands })
    return stands
  })

  const reserve = (row: Row): Failure | undefined => {
    const short = row.placed.lines.flatMap((line, position) => {
      const shelf = stock.get(line.sku)
      const available = shelf === undefined ? 0 : shelf.onHand - shelf.reserved
      return available < line.quantity ? [{ position, requested: line.quantity, available }] : []
    })
    if (short.length > 0) return { code: "insufficient_stock", lines: short }
    move(row, (shelf, quantity) => (shelf.reserved += quantity))
    return undefined
  }
  const move = (row: Row, change: (shelf: { onHand: number; reserved: number }, quantity: number) => void) => {
    for (const line of row.placed.lines) {
      const shelf = stock.get(line.sku)
      if (shelf !== undefined) change(shelf, line.quantity)
    }
  }

  const become = (row: Row, status: OrderStatus, failure: Failure | undefined, now: DateTime.Utc) => {
    row.record = apply(row.record, { _tag: "Status", status }, DateTime.toEpochMillis(now))
    row.failure = failure
    row.version += 1
    row.timeline.push({ at: now, step: status })
  }

  const write = (row: Row, change: Change, now: DateTime.Utc): void => {
    const before = row.record
    if (change._tag === "Status") return become(row, change.status, change.failure, now)
    if (change._tag === "Reserve") {
      const failure = reserve(row)
      if (failure !== undefined) return become(row, "failed", failure, now)
    }
    const taken = before.reservation === "leased" || before.reservation === "held"
    if (change._tag === "ReleaseStock" && taken) move(row, (shelf, quantity) => (shelf.reserved -= quantity))
    if (change._tag === "CommitStock" && taken) {
      move(row, (shelf, quantity) => {
        shelf.reserved -= quantity
        shelf.onHand -= quantity
      })
    }
    if (change._tag === "Settle" && change.answer._tag === "RequiresAction") {
      const { expiresAtMillis, url } = change.answer
      row.nextAction = { url, expiresAt: DateTime.makeUnsafe(expiresAtMillis) }
    }
    if (change._tag === "MarkSent") row.timeline.push({ at: now, step: `${change.operation}_sent` })
    row.record = apply(before, change, DateTime.toEpochMillis(now))
  }

  const advance: OrderStore["Service"]["advance"] = Effect.fnUntraced(function* (id, _lease, answered) {
    const row = rows.get(id)
    if (row === undefined) return { _tag: "LeaseLost" }
    const now = yield* DateTime.now
    const before = row.version
    const next = step(row, answered, now)
    if (row.version !== before) yield* changes.announce(id)
    return next
  })

  const step = (row: Row, answered: Parameters<OrderStore["Service"]["advance"]>[2], now: DateTime.Utc): NextStep => {
    if (Option.isSome(answered)) {
      for (const change of changesOf(row.record, answered.value.operation, answered.value.answer))
        write(row, change, now)
    }
    for (;;) {
      const decision = decide(row.record, DateTime.toEpochMillis(now))
      if (decision._tag === "Write") {
        for (const change of decision.changes) write(row, change, now)
        continue
      }
      if (decision._tag === "Finished") return { _tag: "Finished" }
      if (decision._tag === "Ask") return { _tag: "Ask", record: row.record }
      const { operation } = decision
      return { _tag: "Send", operation, key: operationKey(row.placed.id, operation), record: row.record }
    }
  }

  const list: OrderStore["Service"]["list"] = (userId, { after, limit }) =>
    Effect.sync(() => {
      const place = (row: { createdAt: DateTime.Utc; id: string }) =>
        [DateTime.toEpochMillis(row.createdAt), row.id] as const
      const newestFirst = (a: Order, b: Order) => {
        const [[whenA, idA], [whenB, idB]] = [place(a), place(b)]
        return whenB - whenA || (idA < idB ? 1 : idA > idB ? -1 : 0)
      }
      const behind = (order: Order) =>
        Option.isNone(after) || newestFirst({ ...order, ...after.value } as Order, order) < 0
      const found = [...rows.values()]
        .filter((row) => row.placed.userId === userId)
        .map(toOrder)
        .toSorted(newestFirst)
        .filter(behind)
      const orders = found.slice(0, limit)
      const last = orders.at(-1)
      const more = found.length > limit && last !== undefined
      return { orders, next: more ? Option.some({ createdAt: last.createdAt, id: last.id }) : Option.none() }
    })

  return {
    claimed: standing,
    place,
    refuse,
    find: (id) =>
      Effect.sync(() =>
        Option.map(Option.fromUndefinedOr(rows.get(id)), (row) => ({ userId: row.placed.userId, order: toOrder(row) }))
      ),
    list,
    timeline: (id) => Effect.sync(() => rows.get(id)?.timeline ?? []),
    advance
  } satisfies OrderStore["Service"]
})

export const layer = Layer.effect(OrderStore, make)

const freshRecord = (order: NewOrder, nowMillis: number): SagaRecord => ({
  orderId: order.id,
  status: "pending",
  totalCents: order.price.totalCents,
  currency: order.price.currency,
  paymentMethod: order.paymentMethod,
  reservation: "none",
  providerId: undefined,
  operations: {},
  statusSinceMillis: nowMillis
})

const toOrder = (row: Row): Order => {
  const { lines, price, id } = row.placed
  const { status } = row.record
  return {
    id,
    status,
    lines: lines.map(({ name, quantity, sku, unitPriceCents }) => ({
      sku: Sku.make(sku),
      name,
      quantity,
      unitPrice: unitPriceCents,
      total: unitPriceCents * quantity
    })),
    subtotal: price.subtotalCents,
    discount: price.discountCents,
    shipping: price.shippingCents,
    total: price.totalCents,
    currency: price.currency,
    payment: paymentOf(status, row.nextAction),
    ...(row.failure === undefined ? {} : { failure: row.failure }),
    createdAt: row.createdAt,
    updatedAt: row.timeline.at(-1)?.at ?? row.createdAt,
    version: row.version
  }
}
