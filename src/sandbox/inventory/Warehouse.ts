/**
 * The fake stock keeper: what lies on its shelves, by the same rules as the shop's own, and on disk.
 *
 * Every operation that may move goods is a line of its journal, with its time, before it is answered; a restart does
 * them all again. It begins with what the sandbox's catalogue says that ever arrived.
 */
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { makeShelves, type Moved, type Shelf } from "../../dependencies/inventory/shelves.ts"
import { LineBody } from "../../dependencies/inventory/wire.ts"
import { products } from "../catalogue.ts"
import { openJournal } from "../journal.ts"

const Step = Schema.Union([
  Schema.Struct({ op: Schema.Literal("receive"), sku: Schema.String, received: Schema.Int }),
  Schema.Struct({ op: Schema.Literal("reserve"), order_id: Schema.String, lines: Schema.Array(LineBody) }),
  Schema.Struct({ op: Schema.Literals(["hold", "commit", "release", "restock", "expire"]), order_id: Schema.String })
])
export type Step = typeof Step.Type

const Entry = Schema.Struct({ at_millis: Schema.Int, step: Step })

const changedNothing: Moved = { _tag: "Lost" }

export class Warehouse extends Context.Service<
  Warehouse,
  {
    readonly available: (sku: string) => Effect.Effect<number | undefined>
    readonly shelf: (sku: string) => Effect.Effect<Readonly<Shelf> | undefined>
    /** Returns once it is on the disk. */
    readonly move: (step: Step) => Effect.Effect<Moved>
  }
>()("holdfast/sandbox/inventory/Warehouse") {
  static readonly layer = (folder: string) =>
    Layer.effect(
      Warehouse,
      Effect.gen(function* () {
        const shelves = makeShelves()
        for (const { received, sku } of products) shelves.receive(sku, received)

        const carryOut = (step: Step, now: number): Moved => {
          switch (step.op) {
            case "receive":
              shelves.receive(step.sku, step.received)
              return changedNothing
            case "reserve":
              return shelves.reserve(step.order_id, step.lines, now)
            case "hold":
              return shelves.hold(step.order_id, now)
            case "commit":
              return shelves.commit(step.order_id, now)
            case "release":
              return shelves.release(step.order_id)
            case "restock":
              return shelves.restock(step.order_id)
            case "expire":
              shelves.expire(step.order_id)
              return changedNothing
          }
        }

        const journal = yield* openJournal({
          file: `${folder}/inventory.jsonl`,
          record: Entry,
          projection: {
            file: `${folder}/goods.jsonl`,
            lines: ({ at_millis, step }) =>
              "order_id" in step && (step.op === "commit" || step.op === "release" || step.op === "restock")
                ? [JSON.stringify({ at: new Date(at_millis).toISOString(), order_id: step.order_id, end: step.op })]
                : []
          }
        })
        for (const { at_millis, step } of journal.records) carryOut(step, at_millis)

        return Warehouse.of({
          available: (sku) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.as(journal.settled, shelves.available(sku, now))),
          shelf: (sku) => Effect.as(journal.settled, shelves.shelf(sku)),
          move: (step) =>
            Effect.flatMap(Clock.currentTimeMillis, (now) => {
              const moved = carryOut(step, now)
              return Effect.as(journal.write({ at_millis: now, step }), moved)
            })
        })
      })
    )
}
