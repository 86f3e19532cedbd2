/**
 * A complete search of what can happen to one order, over the real machine: every state that can be reached is visited,
 * and in none may money be taken or given back twice, a promise be made without stock, or a wish be forgotten.
 *
 * Each rule that the code around the machine keeps is switched off once, and the search must find what that breaks.
 */
import { assert, describe, it } from "@effect/vitest"
import { release } from "../../src/orders/goods.ts"
import { isFinal, type OrderStatus } from "../../src/orders/Order.ts"
import { decide } from "../../src/orders/saga.ts"
import { record as changesOf } from "../../src/orders/sagaAnswers.ts"
import type { SagaRecord } from "../../src/orders/sagaRecord.ts"
import { allRules, next, type Rules, start, type World } from "./orderModel.ts"

/** A world in few characters; workers that only swap places are one world. */
const nameOf = (world: World): string => {
  const { net, order, workers } = world
  const worker = (i: number) => {
    const it = workers[i as 0 | 1]
    const ref = it.ref === undefined ? "" : `${it.ref.operation}${it.ref.seq}`
    return `${it.at}${ref}${it.answer?._tag ?? ""}${it.from}${it.thenSend}${it.ends}${it.holds}`
  }
  const messages = (swapped: boolean) =>
    net
      .map(({ attempt, ref, to }) => `${ref.operation}${ref.seq}>${swapped && to >= 0 ? 1 - to : to}#${attempt}`)
      .toSorted()
      .join()
  const [a, b] = [worker(0), worker(1)]
  const swapped = a > b
  const { cancel, capture, confirm, create } = order.operations
  return [
    order.status,
    order.reservation,
    order.stockSent,
    world.goods,
    order.providerId ?? "",
    create,
    confirm,
    capture,
    cancel,
    order.refunds.map(({ amountCents, state }) => `${amountCents}${state}`).join(),
    order.cancelRequested,
    order.status === "requires_action" ? order.statusSinceMillis : "",
    world.stockLeaseOver,
    world.now,
    world.job,
    world.woken,
    swapped ? b + a : a + b,
    messages(swapped),
    world.paid,
    world.captures,
    world.refunded,
    Object.entries(world.kept).join(";"),
    world.refundAsked,
    world.troubles
  ].join("|")
}

/** A lease of the stock keeper's ends by itself: until then something will still happen. */
const isQuiet = ({ goods, job, net, workers }: World) =>
  goods !== "leased" &&
  net.length === 0 &&
  (job === "done" || job === "dead") &&
  workers.every((worker) => worker.at === "idle")

/** What is wrong with a world, if anything. */
const wrongWith = (world: World): string | undefined => {
  const { captures, order, paid, refunded, wrong } = world
  const dead = order.status === "cancelled" || order.status === "failed"
  if (wrong !== undefined) return wrong
  if (captures > 1) return "captured twice"
  if (refunded > captures * order.totalCents) return "given back more than was taken"
  if (dead && (paid === "authorized" || paid === "captured")) return "an order ended, and its money is held"
  if (!isQuiet(world)) return undefined
  const asked = order.refunds.reduce((sum, refund) => sum + refund.amountCents, 0)
  if (world.job === "dead") return "nobody knows what comes next"
  if (dead && (order.reservation === "leased" || order.reservation === "held")) return "an order ended with its stock"
  if (order.status === "cancelled" && !["none", "canceled", "declined"].includes(paid)) {
    return "a cancelled order left its payment open"
  }
  if (order.cancelRequested && order.status === "captured") return "a cancel was forgotten"
  if (order.status === "captured" && (paid !== "captured" || order.reservation !== "committed")) {
    return "captured without money or stock"
  }
  if (order.status === "refunded" && refunded !== order.totalCents) return "refunded without the money"
  if (refunded !== asked) return "a refund was forgotten"
  if (order.keeper === "elsewhere" && !rightGoods[order.status]?.includes(world.goods)) {
    return `${order.status}, and its goods are ${world.goods}`
  }
  if (!["captured", "cancelled", "failed", "refunded"].includes(order.status)) return `left behind as ${order.status}`
  return Object.values(order.operations).includes("sent") ? "an operation was left in doubt" : undefined
}

/** What a stock keeper elsewhere may be left with. A cancelled order whose money was taken first is refunded. */
const rightGoods: { readonly [S in OrderStatus]?: ReadonlyArray<World["goods"]> } = {
  captured: ["committed"],
  cancelled: ["none", "released"],
  failed: ["none", "released"],
  refunded: ["restocked", "released"]
}

interface Found {
  readonly states: number
  readonly ends: ReadonlySet<string>
  /** What was wrong first, and how it came about. */
  readonly wrong: { readonly what: string; readonly steps: ReadonlyArray<string> } | undefined
}

/** Breadth first, so that what is found is found by the shortest way. */
const search = (troubles: number, keeper: SagaRecord["keeper"], rules: Partial<Rules> = {}): Found => {
  const all = { ...allRules, ...rules }
  const first = start(troubles, keeper)
  const cameFrom = new Map<string, readonly [from: string, label: string] | undefined>([[nameOf(first), undefined]])
  const ends = new Set<string>()
  let todo: Array<readonly [World, string]> = [[first, nameOf(first)]]
  const way = (name: string): ReadonlyArray<string> => {
    const step = cameFrom.get(name)
    return step === undefined ? [] : [...way(step[0]), step[1]]
  }
  while (todo.length > 0) {
    const later: typeof todo = []
    for (const [world, name] of todo) {
      const what = wrongWith(world)
      if (what !== undefined) return { states: cameFrom.size, ends, wrong: { what, steps: way(name) } }
      const after = next(world, all)
      if (isQuiet(world)) ends.add(world.order.status)
      else if (after.length === 0) return { states: cameFrom.size, ends, wrong: { what: "stuck", steps: way(name) } }
      for (const [label, one] of after) {
        const key = nameOf(one)
        if (cameFrom.has(key)) continue
        cameFrom.set(key, [name, label])
        later.push([one, key])
      }
    }
    todo = later
  }
  return { states: cameFrom.size, ends, wrong: undefined }
}

/** Any two of: a crash, a lease that ends at work, a lost message, an answer that nobody waits for any more. */
const troubles = 2

describe("one order, whatever happens to it", () => {
  it("keeps every promise in every state that can be reached", () => {
    const { ends, states, wrong } = search(troubles, "here")
    assert.deepStrictEqual(wrong, undefined)
    assert.deepStrictEqual([...ends].sort(), ["cancelled", "captured", "failed", "refunded"])
    assert.isAbove(states, 40_000)
  })

  it.each<readonly [string, Partial<Rules>]>([
    ["a worker that lost its lease still writes", { fence: false }],
    ["a wish that comes while the job runs does not wake it", { wake: false }],
    ["what is sent is marked only when it is answered", { markFirst: false }],
    ["a reservation keeps its clock while a confirmation is on its way", { hold: false }],
    ["a refund gets a new key each time that it is sent", { stableKey: false }],
    ["a read that shows nothing yet is taken for a no", { distrust: false }],
    [
      "a wish to cancel is not looked at",
      { decide: (record, now) => decide({ ...record, cancelRequested: false }, now) }
    ]
  ])("breaks a promise when %s", (_, rules) => {
    // One trouble is enough for each of these: the way to it is found first when it is short.
    assert.isDefined(search(1, "here", rules).wrong)
  })
})

describe("one order whose goods are kept elsewhere, whatever happens to it", () => {
  it("keeps every promise in every state that can be reached", () => {
    const { ends, states, wrong } = search(troubles, "elsewhere")
    assert.deepStrictEqual(wrong, undefined)
    assert.deepStrictEqual([...ends].sort(), ["cancelled", "captured", "failed", "refunded"])
    assert.isAbove(states, 100_000)
  })

  it.each<readonly [string, number, Partial<Rules>]>([
    ["a worker that lost its lease still writes", 1, { fence: false }],
    ["a wish that comes while the job runs does not wake it", 1, { wake: false }],
    ["what is sent is marked only when it is answered", 1, { markFirst: false }],
    ["the stock keeper's hold keeps its clock", 1, { hold: false }],
    ["a read that shows nothing yet is taken for a no", 1, { distrust: false }],
    [
      "a payment is confirmed before the hold is answered",
      1,
      {
        decide: (record, now) =>
          decide(record.stockSent === "hold" ? { ...record, reservation: "held", stockSent: undefined } : record, now)
      }
    ],
    [
      "the goods are released while a payment is in doubt",
      1,
      {
        decide: (record, now) =>
          record.status === "reserved" && record.cancelRequested && record.operations.confirm === "sent"
            ? { _tag: "Write", changes: [...release(record), { _tag: "Status", status: "cancelled" }] }
            : decide(record, now)
      }
    ],
    [
      "an order that is over forgets what the stock keeper has not answered",
      1,
      { decide: (record, now) => (isFinal(record.status) ? { _tag: "Finished" } : decide(record, now)) }
    ],
    [
      "a lease that is over is taken for one that lives",
      1,
      {
        record: (known, ref, answer, now) =>
          changesOf(known, ref, answer._tag === "StockLost" ? { _tag: "StockMoved" } : answer, now)
      }
    ],
    [
      "an order that fails after its lease was lost releases nothing",
      2,
      {
        record: (known, ref, answer, now) =>
          changesOf(known, ref, answer, now).filter(
            (change) => answer._tag !== "StockShort" || change._tag !== "MarkSent"
          )
      }
    ],
    ["the stock keeper forgets a release of what it does not have", 2, { tombstone: false }]
  ])("breaks a promise when %s", (_, most, rules) => {
    assert.isDefined(search(most, "elsewhere", rules).wrong)
  })
})
