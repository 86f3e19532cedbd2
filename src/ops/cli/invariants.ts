/** `invariants`: what must never be, and whether it is. Ends with 1 when one is broken, so that a script can ask. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { InvariantBroken } from "./errors.ts"
import { json } from "./flags.ts"
import { OpsClient } from "./OpsClient.ts"
import { print, rowsIn, tableOf } from "./table.ts"

const columns = ["name", "count", "checked_at", "witnesses", "rows"]

export const invariants = Command.make(
  "invariants",
  { json },
  Effect.fn(function* (given) {
    const answer = yield* (yield* OpsClient).get("invariants")
    const rows = rowsIn(answer)
    yield* print(given.json, answer, () => tableOf(rows, columns))
    const broken = rows.filter(({ count }) => typeof count === "number" && count > 0)
    if (broken.length > 0) return yield* new InvariantBroken({ names: broken.map(({ name }) => String(name)) })
  })
).pipe(Command.withDescription("Show what must never be: how many rows break it, and when that was last compared"))
