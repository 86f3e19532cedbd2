/** Orders on maps, for tests and for the shop in memory: the rules of `OrderStore`, decided by the same machine. */
import { DateTime, Effect, Layer, Option } from "effect"
import { StockMemory } from "../catalog/StockMemory.ts"
import { Inventory } from "../dependencies/inventory/Inventory.ts"
import { Analytics } from "../dependencies/analytics/Analytics.ts"
import { leaseSeconds } from "../jobs/Job.ts"
import { Jobs } from "../jobs/Jobs.ts"
import {
  DiscountNotApplicable,
  OrderNotFound,
  OrderStateConflict,
  OrderVersionDiffers,
  RefundTooLarge
} from "./errors.ts"
import { type Failure, type Order, type OrderId, type OrderStatus, statuses } from "./Order.ts"
import { makeClaimsMemory } from "./claimsMemory.ts"
import { orderMails } from "./orderMails.ts"
import { freshRecord, type Row, stepOf, toOrder } from "./orderRowsMemory.ts"
import { OrderChanges } from "./OrderChanges.ts"
import {
  type Claim,
  type Claimed,
  keyDays,
  type NewOrder,
  type NextStep,
  orderQueue,
  OrderStore,
  toSend
} from "./OrderStore.ts"
import { decide, isCancellable, isRefundable } from "./saga.ts"
import { record as changesOf } from "./sagaAnswers.ts"
import { apply, type Change, nameOf } from "./sagaRecord.ts"

interface Shelf {
  onHand: number
  reserved: number
}

const make = Effect.gen(function* () {
  const jobs = yield* Jobs
  const changes = yield* OrderChanges
  const analytics = yield* Analytics
  const track = (id: OrderId, steps: ReadonlyArray<string>) =>
    Effect.forEach(steps, (step) => analytics.track({ name: `order_${step}`, about: id }), { discard: true })
  const stock = yield* StockMemory
  const keeper = Option.isSome(yield* Effect.serviceOption(Inventory)) ? "elsewhere" : "here"
  const rows = new Map<OrderId, Row>()
  const { standing, standsFor, stand } = makeClaimsMemory()

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
    stand(claim, { _tag: "Replayed", orderId: order.id, expiresAt })
    rows.set(order.id, {
      placed: order,
      createdAt: now,
      record: freshRecord(order, keeper, DateTime.toEpochMillis(now)),
      version: 1,
      failure: undefined,
      nextAction: undefined,
      timeline: [{ at: now, step: "placed" }]
    })
    yield* jobs.enqueue({ queue: orderQueue, key: order.id, payload: { order_id: order.id } })
    yield* track(order.id, ["placed"])
    return { _tag: "Placed", expiresAt } as Claimed
  })

  const refuse: OrderStore["Service"]["refuse"] = Effect.fnUntraced(function* (claim, refusal) {
    const before = yield* standing(claim)
    if (Option.isSome(before)) return before.value
    const expiresAt = DateTime.add(yield* DateTime.now, { days: keyDays })
    stand(claim, { _tag: "Refused", refusal, expiresAt })
    return { _tag: "Kept", expiresAt } as const
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
  const move = (row: Row, change: (shelf: Shelf, quantity: number) => void) => {
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
    if (change._tag === "Restock" && before.reservation === "committed") {
      move(row, (shelf, quantity) => (shelf.onHand += quantity))
    }
    if (change._tag === "Settle" && change.answer._tag === "RequiresAction") {
      const { expiresAtMillis, url } = change.answer
      row.nextAction = { url, expiresAt: DateTime.makeUnsafe(expiresAtMillis) }
    }
    const step = stepOf(change)
    if (step !== undefined) row.timeline.push({ at: now, step })
    row.record = apply(before, change, DateTime.toEpochMillis(now))
  }

  const advance: OrderStore["Service"]["advance"] = Effect.fnUntraced(function* (id, lease, answered) {
    const row = rows.get(id)
    const now = yield* DateTime.now
    // The queue says who holds a lease only to who renews it; a step under the lease renews it.
    const claim = {
      id: lease.jobId,
      queue: orderQueue,
      key: id,
      payload: {},
      lease: lease.token,
      attempts: 1,
      slotted: false
    }
    const held = yield* jobs.renew([{ ...claim, createdAt: now }])
    if (row === undefined || !held.has(lease.jobId)) return { _tag: "LeaseLost" }
    const [version, entries] = [row.version, row.timeline.length]
    const next = step(row, answered, now)
    const became = statuses.filter((status) => row.timeline.slice(entries).some((entry) => entry.step === status))
    yield* Effect.forEach(orderMails(id, became), jobs.enqueue, { discard: true })
    if (row.version !== version) yield* changes.announce(id)
    yield* track(id, became)
    return next
  })

  const step = (row: Row, answered: Parameters<OrderStore["Service"]["advance"]>[2], now: DateTime.Utc): NextStep => {
    const nowMillis = DateTime.toEpochMillis(now)
    const marked = new Set<string>()
    const writeAll = (changed: ReadonlyArray<Change>) => {
      for (const change of changed) {
        if (change._tag === "MarkSent") marked.add(nameOf(change))
        write(row, change, now)
      }
    }
    if (Option.isSome(answered)) {
      writeAll(changesOf(row.record, answered.value.ref, answered.value.answer, nowMillis))
    }
    for (;;) {
      const decision = decide(row.record, nowMillis)
      if (decision._tag === "Write") {
        writeAll(decision.changes)
        continue
      }
      if (decision._tag === "Finished") return decision
      const outside = { record: row.record, nowMillis, leaseMillis: leaseSeconds * 1000 }
      return decision._tag === "Send"
        ? { ...toSend(row.record, decision, marked), ...outside }
        : { ...decision, ...outside }
    }
  }

  /** A wish under a key: claimed and written down at once, then the order's job is woken. */
  const wishing = <E>(claim: Claim, id: OrderId, wish: (row: Row, now: DateTime.Utc) => Effect.Effect<void, E>) =>
    Effect.gen(function* () {
      const before = yield* standing(claim)
      if (Option.isSome(before)) return before.value
      const now = yield* DateTime.now
      const row = rows.get(id)
      if (row === undefined) return yield* new OrderNotFound({ orderId: id })
      yield* wish(row, now)
      const expiresAt = DateTime.add(now, { days: keyDays })
      stand(claim, { _tag: "Replayed", orderId: id, expiresAt })
      yield* jobs.wake(orderQueue, id)
      yield* changes.announce(id)
      return { _tag: "Placed", expiresAt } as Claimed
    })
  const conflict = ({ placed, record }: Row) =>
    Effect.fail(new OrderStateConflict({ orderId: placed.id, status: record.status }))

  const requestCancel: OrderStore["Service"]["requestCancel"] = (claim, { id, userId, version }) =>
    wishing(claim, id, (row, now): Effect.Effect<void, OrderNotFound | OrderVersionDiffers | OrderStateConflict> => {
      if (row.placed.userId !== userId) return Effect.fail(new OrderNotFound({ orderId: id }))
      if (row.version !== version) {
        const { status } = toOrder(row, now)
        return Effect.fail(new OrderVersionDiffers({ orderId: id, status, version: row.version }))
      }
      if (!isCancellable(row.record.status)) return conflict(row)
      if (!row.record.cancelRequested) row.timeline.push({ at: now, step: "cancel_requested" })
      row.record = { ...row.record, cancelRequested: true }
      return Effect.void
    })

  const requestRefund: OrderStore["Service"]["requestRefund"] = (claim, { amountCents, id }) =>
    wishing(claim, id, (row, now): Effect.Effect<void, OrderStateConflict | RefundTooLarge> => {
      const { record } = row
      if (!isRefundable(record.status)) return conflict(row)
      const shared = record.refunds.reduce((sum, one) => sum + (one.state === "refused" ? 0 : one.amountCents), 0)
      const left = record.totalCents - shared
      const amount = amountCents ?? left
      if (amount < 1 || amount > left) return Effect.fail(new RefundTooLarge({ orderId: id, refundableCents: left }))
      write(row, { _tag: "RequestRefund", seq: record.refunds.length + 1, amountCents: amount }, now)
      if (record.status !== "refund_pending") become(row, "refund_pending", undefined, now)
      return Effect.void
    })

  const fulfil: OrderStore["Service"]["fulfil"] = Effect.fnUntraced(function* (id) {
    const row = rows.get(id)
    if (row === undefined) return yield* new OrderNotFound({ orderId: id })
    if (row.record.status === "fulfilled") return
    if (row.record.status !== "captured") return yield* conflict(row)
    row.record = { ...row.record, fulfilled: true }
    become(row, "fulfilled", undefined, yield* DateTime.now)
    yield* changes.announce(id)
  })

  const list: OrderStore["Service"]["list"] = (userId, { after, limit }) =>
    Effect.map(DateTime.now, (now) => {
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
        .map((row) => toOrder(row, now))
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
      Effect.map(DateTime.now, (now) =>
        Option.map(Option.fromUndefinedOr(rows.get(id)), (row) => ({
          userId: row.placed.userId,
          order: toOrder(row, now)
        }))
      ),
    list,
    timeline: (id) => Effect.sync(() => rows.get(id)?.timeline ?? []),
    advance,
    requestCancel,
    requestRefund,
    fulfil,
    findByKey: (key) =>
      Effect.sync(() => {
        const known = standsFor(key)
        return known?._tag === "Replayed" ? Option.some(known.orderId) : Option.none()
      }),
    // An order and its job are in one process here: neither is ever without the other.
    strays: () => Effect.succeed([])
  } satisfies OrderStore["Service"]
})

export const layer = Layer.effect(OrderStore, make)
