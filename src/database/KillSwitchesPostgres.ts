/**
 * The operators' orders in PostgreSQL: in force on every node within a second while it answers (a notification, and a
 * look every half second behind it).
 *
 * While it does not answer, each node keeps what it saw last, and a change is in force at once on the node that got it:
 * it is marked `persisted: false` and stored when the database is back. Of two changes the one that was decided later
 * wins, whichever is stored first. A change that is not stored yet ends with its process, which says so.
 * An order without an end is brought up in the log by one of the nodes, once a day.
 */
import { Clock, Effect, Layer, Schedule } from "effect"
import { SecureRandom } from "effect/crypto"
import {
  KillSwitches,
  type Order,
  type Override,
  type OverrideKind,
  overrideOf,
  Switchboard
} from "../resilience/index.ts"
import { Database } from "./Database.ts"
import { StartupDatabaseUnreachable } from "./errors.ts"
import { OperatorsDatabase } from "./OperatorsDatabase.ts"
import { type OwnChange, SwitchLedger } from "./SwitchLedger.ts"
import { switchesChannel } from "./switchRows.ts"
import { keepTurning, makeTurn, monotonicMillis, said, type Turn } from "./switchSync.ts"

/** An operator waits this long to hear that a change is stored; it is in force on this node before. */
const storeWithin = "1 second"
/** A node that does not know the orders does not start: what is switched off must not be on for a moment. */
const startWithin = Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: "15 seconds" }))

/** Makes a change: in force here at once, and stored if that can be had in time. Answers whether it is. */
const changing = Effect.fnUntraced(function* (ledger: SwitchLedger, board: Switchboard, turn: Turn) {
  const random = yield* SecureRandom.SecureRandom
  return Effect.fnUntraced(function* (change: OwnChange["change"], override: Override, lastsMillis?: number) {
    const { actor, kind, reason, target } = override
    const id = yield* random.uuidV4()
    const madeAt = yield* monotonicMillis
    const own = { id, target, kind, change, actor, reason, lastsMillis, override, madeAt, stored: false }
    ledger.made(own)
    board.replaceAll(ledger.orders)
    yield* Effect.timeoutOption(Effect.exit(turn), storeWithin)
    const message = change === "set" ? "an operator's order is in force" : "an operator's order was ended"
    yield* Effect.logWarning(message, { severity: "expected", ...said(own), persisted: own.stored })
    return own.stored
  })
})

const layer = Layer.effect(
  KillSwitches,
  Effect.gen(function* () {
    const { listen } = yield* Database
    const clock = yield* Clock.Clock
    const board = new Switchboard()
    const ledger = new SwitchLedger()
    const { look, turn } = yield* makeTurn(yield* OperatorsDatabase, ledger, board)
    yield* look.pipe(
      Effect.retry(startWithin),
      Effect.mapError(() => new StartupDatabaseUnreachable({ reason: "unreachable" }))
    )
    yield* keepTurning(turn, listen(switchesChannel))
    yield* Effect.addFinalizer(() =>
      Effect.forEach(ledger.unstored, (change) =>
        Effect.logError("an operator's order ends with this process: it could not be stored", said(change))
      )
    )
    const change = yield* changing(ledger, board, turn)

    const set = Effect.fn("KillSwitches.set")(function* (target: string, kind: OverrideKind, order: Order) {
      const override = overrideOf(target, kind, order, yield* Clock.currentTimeMillis, false)
      const lastsMillis = override.until === undefined ? undefined : override.until - override.since
      return { ...override, persisted: yield* change("set", override, lastsMillis) }
    })
    const clear = Effect.fn("KillSwitches.clear")(function* (target: string, kind: OverrideKind, by: ClearedBy) {
      const now = yield* Clock.currentTimeMillis
      const isSet = () => board.active(target, now).some((override) => override.kind === kind)
      // Another node may have ordered it a moment ago.
      if (!isSet()) yield* Effect.timeoutOption(Effect.exit(turn), storeWithin)
      if (isSet()) yield* change("clear", overrideOf(target, kind, by, now, false))
    })
    const here = Effect.provideService(Clock.Clock, clock)
    return KillSwitches.of({
      set: (target, kind, order) => here(set(target, kind, order)),
      clear: (target, kind, by) => here(clear(target, kind, by)),
      active: board.active,
      list: Effect.map(Clock.currentTimeMillis, board.all),
      watch: board.watch
    })
  })
)

type ClearedBy = Pick<Order, "actor" | "reason">

/** Build it on a database whose schema is current. */
export const KillSwitchesPostgres = { layer }
