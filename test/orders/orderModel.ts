/**
 * The world around one order, for a complete search: two workers, a queue, a network that loses and delays, a provider,
 * and the order's goods, here or with a stock keeper elsewhere.
 *
 * The order itself is the real machine (`decide`, `record`, `apply`); here is only what carries its decisions out. A state
 * is a value; `next` gives everything that can happen to it: a message arrives or never does, a worker dies, a lease
 * ends while its holder works on, the stock's lease ends, the customer cancels, acts or leaves, an operator refunds.
 * `rules` switches off what the code around the machine has to do, one at a time, to show that each is needed.
 */
import { ofPayment } from "../../src/orders/providerAnswers.ts"
import { actionDeadlineMillis, decide as realDecide, isCancellable, isRefundable } from "../../src/orders/saga.ts"
import { record as changesOf } from "../../src/orders/sagaAnswers.ts"
import {
  type Answer,
  apply,
  type Change,
  isOfStock,
  nameOf,
  type OperationRef,
  type SagaRecord
} from "../../src/orders/sagaRecord.ts"
import { arrivedAtKeeper, type Goods, type KeeperRules } from "./keeperModel.ts"

export type Decide = typeof realDecide

export interface Rules extends KeeperRules {
  readonly decide: Decide
  readonly record: typeof changesOf
  /** A worker without its lease writes nothing. */
  readonly fence: boolean
  /** A wish that comes while the job runs makes it due again when it settles. */
  readonly wake: boolean
  /** What is sent is marked first. */
  readonly markFirst: boolean
  /** The reservation has no clock while a confirmation may be on its way. */
  readonly hold: boolean
  /** A refund has one key, however often it is sent. */
  readonly stableKey: boolean
  /** That the provider shows no effect yet does not mean that there will be none. */
  readonly distrust: boolean
}
export const allRules: Rules = {
  decide: realDecide,
  record: changesOf,
  fence: true,
  wake: true,
  markFirst: true,
  hold: true,
  stableKey: true,
  distrust: true,
  tombstone: true
}

type Paid = "none" | "unconfirmed" | "requires_action" | "authorized" | "captured" | "canceled" | "declined"

interface Worker {
  readonly at: "idle" | "ask" | "send" | "wait" | "answered" | "settle"
  readonly ref: OperationRef | undefined
  readonly answer: Answer | undefined
  /** The decision that the answer belongs to: the same again means that the order waits. */
  readonly from: string
  /** Asked first, because it was sent before. */
  readonly thenSend: boolean
  readonly ends: "done" | "later" | "dead"
  readonly holds: boolean
}

interface Message {
  readonly ref: OperationRef
  readonly to: number
  readonly attempt: number
}

export interface World {
  readonly order: SagaRecord
  readonly stockLeaseOver: boolean
  readonly now: number
  readonly job: "ready" | "running" | "done" | "dead"
  readonly woken: boolean
  readonly workers: readonly [Worker, Worker]
  readonly net: ReadonlyArray<Message>
  readonly paid: Paid
  /** With the stock keeper elsewhere, if that is where the order's goods are. */
  readonly goods: Goods
  readonly captures: number
  readonly refunded: number
  /** The provider's first answers, by key. */
  readonly kept: Readonly<Record<string, Paid | "done">>
  readonly sends: number
  readonly refundAsked: boolean
  /** How often a worker may yet die, lose its lease or its patience, or a message be lost. */
  readonly troubles: number
  readonly wrong: string | undefined
}

const total = 2
const idle: Worker = {
  at: "idle",
  ref: undefined,
  answer: undefined,
  from: "",
  thenSend: false,
  ends: "done",
  holds: false
}

export const start = (troubles: number, keeper: SagaRecord["keeper"]): World => ({
  order: {
    orderId: "ord_1",
    status: "pending",
    totalCents: total,
    currency: "EUR",
    paymentMethod: "pm_1",
    lines: [],
    keeper,
    reservation: "none",
    stockSent: undefined,
    providerId: undefined,
    operations: {},
    refunds: [],
    cancelRequested: false,
    fulfilled: false,
    statusSinceMillis: 0,
    sentAtMillis: {},
    searchedEmptyAtMillis: undefined
  },
  stockLeaseOver: false,
  now: 0,
  job: "ready",
  woken: false,
  workers: [idle, idle],
  net: [],
  paid: "none",
  goods: "none",
  captures: 0,
  refunded: 0,
  kept: {},
  sends: 0,
  refundAsked: false,
  troubles,
  wrong: undefined
})

type Next = readonly [label: string, world: World]

const withWorker = (world: World, i: number, change: Partial<Worker>): World => {
  const changed = { ...world.workers[i as 0 | 1], ...change }
  return { ...world, workers: i === 0 ? [changed, world.workers[1]] : [world.workers[0], changed] }
}
const unleased = (world: World): World => ({
  ...world,
  workers: [
    { ...world.workers[0], holds: false },
    { ...world.workers[1], holds: false }
  ]
})
const troubled = (world: World): World => ({ ...world, troubles: world.troubles - 1 })

/** Everything that one change can lead to: a reservation may fail, a lease may be over. */
const written = (world: World, change: Change): ReadonlyArray<World> => {
  const order = apply(world.order, change, world.now)
  if (change._tag === "Reserve") {
    const failed = apply(world.order, { _tag: "Status", status: "failed" }, world.now)
    return [
      { ...world, order, stockLeaseOver: false },
      { ...world, order: failed }
    ]
  }
  if (change._tag === "Hold" && world.stockLeaseOver) {
    return [{ ...world, order: { ...world.order, reservation: "released" } }]
  }
  return [{ ...world, order }]
}
const writtenAll = (world: World, changes: ReadonlyArray<Change>): ReadonlyArray<World> =>
  changes.reduce<ReadonlyArray<World>>((all, change) => all.flatMap((one) => written(one, change)), [world])

/** One transaction of a worker: take the answer back, decide, write, until something outside is to be done. */
const advance = (world: World, i: number, rules: Rules): ReadonlyArray<World> => {
  const worker = world.workers[i as 0 | 1]
  if (rules.fence && !worker.holds) return [withWorker(world, i, idle)]
  let before: ReadonlyArray<World> = [world]
  if (worker.answer !== undefined && worker.ref !== undefined) {
    const marked = rules.markFirst
      ? world
      : { ...world, order: apply(world.order, { _tag: "MarkSent", ...worker.ref }, world.now) }
    before = writtenAll(marked, rules.record(marked.order, worker.ref, worker.answer, world.now))
  }
  return before.flatMap((one) => decided(one, i, worker.from, rules, new Set(), 0))
}

const decided = (
  world: World,
  i: number,
  from: string,
  rules: Rules,
  marked: ReadonlySet<string>,
  depth: number
): ReadonlyArray<World> => {
  if (depth > 20) return [{ ...world, wrong: "turns in a circle" }]
  const fresh = { ref: undefined, answer: undefined, from: "", thenSend: false }
  const ends = (how: Worker["ends"]) => [withWorker(world, i, { ...fresh, at: "settle", ends: how })]
  const decision = rules.decide(world.order, world.now)
  switch (decision._tag) {
    case "Finished":
      return ends("done")
    case "Stuck":
      return ends("dead")
    case "Search":
      return [{ ...world, wrong: "searched for a payment whose key is young" }]
    case "Write": {
      const changes = decision.changes
      const mark = changes.find((change) => change._tag === "MarkSent")
      if (mark?._tag === "MarkSent" && !rules.markFirst) {
        return [withWorker(world, i, { ...fresh, at: "send", ref: mark, from: `Send ${nameOf(mark)}` })]
      }
      const names = mark?._tag === "MarkSent" ? new Set([...marked, nameOf(mark)]) : marked
      return writtenAll(world, changes).flatMap((one) => decided(one, i, from, rules, names, depth + 1))
    }
    case "Ask":
    case "Send": {
      const ref = { operation: decision.operation, seq: decision.seq }
      const name = `${decision._tag} ${nameOf(ref)}`
      if (name === from) return ends("later")
      const mayAsk = world.order.providerId !== undefined && !isOfStock(ref.operation)
      const asks = decision._tag === "Ask" || (!marked.has(nameOf(ref)) && mayAsk)
      const at = asks ? "ask" : "send"
      return [withWorker(world, i, { ...fresh, at, ref, from: name, thenSend: decision._tag === "Send" })]
    }
  }
}

/** What the provider shows of the operation; what is sent next if it shows nothing yet. */
const asked = (world: World, i: number, rules: Rules): World => {
  const worker = world.workers[i as 0 | 1]
  const ref = worker.ref ?? { operation: "create", seq: 0 }
  const refundKey = `refund:${ref.seq}`
  const answer: Answer | undefined =
    ref.operation === "refund"
      ? world.kept[refundKey] === undefined
        ? undefined
        : { _tag: "Refunded" }
      : world.paid === "none" || (world.order.status === "requires_action" && world.paid === "requires_action")
        ? undefined
        : ofPayment(ref.operation, { status: world.paid }, world.now)
  if (answer !== undefined) return withWorker(world, i, { at: "answered", answer })
  if (!rules.distrust && world.order.cancelRequested && (!rules.fence || worker.holds)) {
    const ended = writtenAll(world, [{ _tag: "ReleaseStock" }, { _tag: "Status", status: "cancelled" }])
    return withWorker(ended[0] ?? world, i, { ...idle, at: "settle", holds: worker.holds })
  }
  return worker.thenSend ? withWorker(world, i, { at: "send" }) : withWorker(world, i, { at: "settle", ends: "later" })
}

/** What a request does when it arrives, and what it is answered. Requests under a known key only get the first answer. */
const arrived = (world: World, message: Message, rules: Rules): ReadonlyArray<readonly [World, Answer | undefined]> => {
  const { operation, seq } = message.ref
  if (isOfStock(operation)) {
    return arrivedAtKeeper(world.goods, operation, rules).map(({ answer, goods, wrong }) => [
      { ...world, goods, wrong: wrong ?? world.wrong },
      answer
    ])
  }
  const key =
    rules.stableKey || operation !== "refund" ? nameOf(message.ref) : `${nameOf(message.ref)}#${message.attempt}`
  const known = world.kept[key]
  const shows = (status: Paid): Answer | undefined =>
    status === "none" ? undefined : ofPayment(operation, { status, id: "pi_1" }, world.now)
  if (known !== undefined) {
    return [[world, operation === "refund" ? { _tag: "Refunded" } : known === "done" ? undefined : shows(known)]]
  }
  const becomes = (paid: Paid, more: Partial<World> = {}): readonly [World, Answer | undefined] => [
    { ...world, ...more, paid, kept: { ...world.kept, [key]: paid } },
    shows(paid)
  ]
  switch (operation) {
    case "create":
      return [becomes("unconfirmed")]
    case "confirm": {
      if (world.paid !== "unconfirmed") return [becomes(world.paid)]
      const goods = world.order.keeper === "here" ? world.order.reservation : world.goods
      const wrong = goods === "held" ? world.wrong : "authorised without stock"
      return [becomes("authorized", { wrong }), becomes("declined"), becomes("requires_action")]
    }
    case "capture":
      return [world.paid === "authorized" ? becomes("captured", { captures: world.captures + 1 }) : becomes(world.paid)]
    case "cancel":
      return [becomes(world.paid === "captured" ? "captured" : "canceled")]
    case "refund": {
      const amount = world.order.refunds.find((refund) => refund.seq === seq)?.amountCents ?? 0
      return [
        [{ ...world, refunded: world.refunded + amount, kept: { ...world.kept, [key]: "done" } }, { _tag: "Refunded" }]
      ]
    }
  }
}

const workerMoves = (world: World, i: number, rules: Rules): ReadonlyArray<Next> => {
  const worker = world.workers[i as 0 | 1]
  const moves: Array<Next> = []
  const add = (label: string, ...worlds: ReadonlyArray<World>) =>
    worlds.forEach((one) => moves.push([`${label} by ${i}`, one]))
  const deaf = (one: World): World => ({
    ...one,
    net: one.net.map((message) => (message.to === i ? { ...message, to: -1 } : message))
  })
  if (worker.at === "idle" && world.job === "ready") {
    const claimed = withWorker({ ...unleased(world), job: "running", woken: false }, i, { ...idle, holds: true })
    add("claim", ...advance(claimed, i, rules))
  }
  if (worker.at === "ask") add("ask", asked(world, i, rules))
  if (worker.at === "send" && worker.ref !== undefined) {
    const net = [...world.net, { ref: worker.ref, to: i, attempt: rules.stableKey ? 0 : world.sends }]
    add(`send ${nameOf(worker.ref)}`, withWorker({ ...world, net, sends: world.sends + 1 }, i, { at: "wait" }))
  }
  if (worker.at === "wait" && world.troubles > 0) {
    add("timeout", withWorker(deaf(troubled(world)), i, { at: "settle", ends: "later" }))
  }
  if (worker.at === "answered") add("take the answer", ...advance(world, i, rules))
  if (worker.at === "settle") add("settle", settled(world, i, rules))
  if (worker.at !== "idle" && world.troubles > 0) add("crash", withWorker(deaf(troubled(world)), i, idle))
  return moves
}

const settled = (world: World, i: number, rules: Rules): World => {
  const { ends, holds } = world.workers[i as 0 | 1]
  const away = withWorker(world, i, idle)
  if (rules.fence && !holds) return away
  const job = ends === "dead" ? "dead" : ends === "later" || (rules.wake && world.woken) ? "ready" : "done"
  return unleased({ ...away, job })
}

/** Whatever was wanted is written down; the job is woken. */
const wished = (world: World, order: SagaRecord): World => ({
  ...world,
  order,
  woken: world.job === "running" ? true : world.woken,
  job: world.job === "done" ? "ready" : world.job
})

const outsideMoves = (world: World, rules: Rules): ReadonlyArray<Next> => {
  const moves: Array<Next> = []
  const { order } = world
  if (world.job === "running") {
    const held = world.workers.some((worker) => worker.holds)
    if (!held) moves.push(["the lease ends", { ...world, job: "ready" }])
    else if (world.troubles > 0) {
      moves.push(["the lease ends at work", { ...unleased(troubled(world)), job: "ready" }])
    }
  }
  if (world.goods === "leased" || (!rules.hold && world.goods === "held")) {
    moves.push(["the stock keeper's lease ends", { ...world, goods: "none" }])
  }
  const clocked = order.keeper === "here" && isClocked(order, rules)
  if (clocked && !world.stockLeaseOver) {
    const reservation = order.reservation === "held" ? ("released" as const) : order.reservation
    moves.push(["the stock's lease ends", { ...world, stockLeaseOver: true, order: { ...order, reservation } }])
  }
  if (!order.cancelRequested && isCancellable(order.status)) {
    moves.push(["cancel", wished(world, { ...order, cancelRequested: true })])
  }
  if (!world.refundAsked && isRefundable(order.status) && !order.cancelRequested) {
    for (const amountCents of [1, total]) {
      const refunds = [...order.refunds, { seq: order.refunds.length + 1, amountCents, state: "requested" as const }]
      const asking = wished(world, { ...order, refunds, status: "refund_pending" })
      moves.push([`refund ${amountCents}`, { ...asking, refundAsked: true }])
    }
  }
  if (world.paid === "requires_action") {
    moves.push(["the customer approves", { ...world, paid: "authorized" }])
    moves.push(["the customer refuses", { ...world, paid: "declined" }])
    if (world.now === 0) moves.push(["the customer is late", { ...world, now: actionDeadlineMillis }])
  }
  return moves
}

const isClocked = ({ reservation }: SagaRecord, rules: Rules): boolean =>
  reservation === "leased" || (!rules.hold && reservation === "held")

const networkMoves = (world: World, rules: Rules): ReadonlyArray<Next> =>
  world.net.flatMap((message, k): ReadonlyArray<Next> => {
    const net = world.net.filter((_, index) => index !== k)
    const name = nameOf(message.ref)
    const lost: ReadonlyArray<Next> =
      world.troubles > 0
        ? [
            [
              `${name} is lost`,
              message.to < 0
                ? { ...troubled(world), net }
                : withWorker({ ...troubled(world), net }, message.to, { at: "settle", ends: "later" })
            ]
          ]
        : []
    const heard = arrived({ ...world, net }, message, rules).map(([after, answer]): Next => {
      if (message.to < 0) return [`${name} arrives unheard`, after]
      const change: Partial<Worker> =
        answer === undefined ? { at: "settle", ends: "later" } : { at: "answered", answer }
      return [`${name} is answered ${answer?._tag ?? "nothing certain"}`, withWorker(after, message.to, change)]
    })
    return [...heard, ...lost]
  })

export const next = (world: World, rules: Rules): ReadonlyArray<Next> => [
  ...workerMoves(world, 0, rules),
  ...workerMoves(world, 1, rules),
  ...outsideMoves(world, rules),
  ...networkMoves(world, rules)
]
