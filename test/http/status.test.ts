/** What a shop front is told of the node: nothing while all is well, else each feature once, and what to show. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Ref, Schedule } from "effect"
import { recommending } from "../../src/catalog/Suggestions.ts"
import { counting } from "../../src/dependencies/analytics/Analytics.ts"
import { mailing } from "../../src/emails/runMail.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { WritesWhileDown } from "../../src/ops/WritesWhileDown.ts"
import { Shop } from "../../src/testing/index.ts"
import { doorOver, json, NodeDatabase, openDoor, send } from "./door.ts"

const since = DateTime.makeUnsafe("2026-11-20T12:00:00.000Z")
const asked = Effect.map(send("GET", "/v1/status"), (answer) => {
  assert.strictEqual(answer.status, 200, answer.text)
  const { checked_at, degraded, status } = json(answer)
  assert.match(checked_at, /^\d{4}-\d\d-\d\dT.*Z$/)
  for (const { feature, message, since } of degraded) {
    assert.match(message, /^[A-Z].*\.$/, feature)
    assert.notStrictEqual(message, "Some things may not work.", feature)
    assert.match(since, /^\d{4}-\d\d-\d\dT.*Z$/)
  }
  const modes: ReadonlyArray<string> = degraded.map((one: Record<string, string>) => `${one["feature"]} ${one["mode"]}`)
  return { status, degraded, modes }
})

const doorThatKeeps = doorOver(
  Layer.provideMerge(Shop.layerMemory, Layer.succeed(WritesWhileDown, { usable: Effect.succeed(true) }))
)

describe("the shop front's status", () => {
  it.live("is ok while all is well", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked, { status: "ok", degraded: [], modes: [] })
    }).pipe(Effect.provide(openDoor))
  )

  it.live("says what is shown as it was and what is not to be had, while the database is away", () =>
    Effect.gen(function* () {
      yield* Ref.set(yield* NodeDatabase, { up: false, since, reason: "connection" })
      // Its first goods have just been put on the shelves, and are not known yet.
      assert.include((yield* asked).modes, "catalogue unavailable")
      const { degraded, modes, status } = yield* Effect.repeat(asked, {
        until: (seen) => seen.modes.includes("catalogue last_good"),
        schedule: Schedule.spaced("50 millis")
      })
      assert.strictEqual(status, "degraded")
      assert.sameMembers(
        [...modes],
        [
          "account last_good",
          "catalogue last_good",
          "checkout unavailable",
          "log_in unavailable",
          "orders unavailable",
          "sign_up unavailable"
        ]
      )
      for (const one of degraded) assert.strictEqual(one.since, "2026-11-20T12:00:00.000Z")
    }).pipe(Effect.provide(openDoor))
  )

  it.live("says that nothing can be changed, while the database takes no writes", () =>
    Effect.gen(function* () {
      yield* Ref.set(yield* NodeDatabase, { up: true, since, readOnly: true })
      assert.sameMembers(
        [...(yield* asked).modes],
        ["checkout unavailable", "log_in unavailable", "order_changes unavailable", "sign_up unavailable"]
      )
    }).pipe(Effect.provide(openDoor))
  )

  it.live("says what an operator has switched off, until when, and that once", () =>
    Effect.gen(function* () {
      const switches = yield* KillSwitches
      const by = { actor: "ada", reason: "drill" }
      yield* switches.set("checkout", "off", { ...by, expiresIn: "1 minute" })
      yield* switches.set("sign_up", "off", by)
      yield* switches.set("payments", "forced_open", by)
      for (const feature of [recommending, counting, mailing]) yield* switches.set(feature, "off", by)
      const { degraded, modes } = yield* asked
      const off = ["analytics off", "checkout off", "email off", "recommendations off", "sign_up off"]
      assert.deepStrictEqual(modes, off)
      const [, checkout, , , signUp] = degraded
      assert.strictEqual(Date.parse(checkout.until) - Date.parse(checkout.since), 60_000)
      assert.notProperty(signUp, "until")
      assert.notInclude(JSON.stringify(degraded), "drill")
      yield* Ref.set(yield* NodeDatabase, { up: false, since, reason: "connection" })
      assert.include((yield* asked).modes, "checkout off")
      assert.notInclude((yield* asked).modes, "checkout unavailable")
    }).pipe(Effect.provide(openDoor))
  )

  it.live("says that orders and sign ups are taken and decided later, where they are kept meanwhile", () =>
    Effect.gen(function* () {
      yield* Ref.set(yield* NodeDatabase, { up: false, since, reason: "connection" })
      assert.includeMembers([...(yield* asked).modes], ["checkout deferred", "sign_up deferred", "log_in unavailable"])
    }).pipe(Effect.provide(doorThatKeeps))
  )
})
