/** Operators' orders: who, why, until when; and what a shared store has to do. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import {
  Dependency,
  KillSwitches,
  type Override,
  overrideOf,
  Switchboard,
  whenEnabled
} from "../../src/resilience/index.ts"
import { calm, make, once, working } from "./subjects.ts"

const order = { actor: "ada", reason: "drill" }

describe("a kill switch", () => {
  it.effect("takes effect on the next call, and ends when it is cleared", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.switchOff(order)
      assert.strictEqual((yield* Effect.flip(dependency.call(working, once))).reason, "DependencyDisabled")
      yield* dependency.switchOn(order)
      assert.strictEqual(yield* dependency.call(working, once), "answer")
    })
  )

  it.effect("with an end says when, and ends by itself", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.switchOff({ ...order, expiresIn: "1 minute" })
      yield* TestClock.adjust("20 seconds")
      const error = yield* Effect.flip(dependency.call(working, once))
      assert.strictEqual(Duration.toMillis(error.retryAfter), 40_000)
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual(yield* dependency.call(working, once), "answer")
    })
  )

  it.effect("that has run out is gone from the snapshot, also when nobody calls", () =>
    Effect.gen(function* () {
      const dependency = yield* make()
      yield* dependency.switchOff({ ...order, expiresIn: "1 minute" })
      yield* dependency.circuit.forceOpen({ ...order, expiresIn: "1 minute" })
      yield* TestClock.adjust("1 minute")
      const { switchedOff, overrides, state } = yield* dependency.snapshot
      assert.deepStrictEqual({ switchedOff, overrides, state }, { switchedOff: false, overrides: [], state: "open" })
    })
  )

  it.effect("is asked again after a wait: a call in the line does not slip through", () =>
    Effect.gen(function* () {
      const dependency = yield* make({ concurrency: 1, queue: { size: 1, wait: "1 minute" } })
      yield* Effect.forkChild(dependency.call(Effect.sleep(100), once), { startImmediately: true })
      const waiting = yield* Effect.forkChild(dependency.call(working, once), { startImmediately: true })
      yield* dependency.switchOff(order)
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isFailure(waiting.pollUnsafe()!))
    })
  )

  it.effect("of a feature refuses before anything happens", () =>
    Effect.gen(function* () {
      const switches = yield* KillSwitches
      yield* whenEnabled("checkout")
      yield* switches.set("checkout", "off", { ...order, expiresIn: "10 seconds" })
      const error = yield* Effect.flip(whenEnabled("checkout"))
      assert.deepStrictEqual([error.feature, Duration.toMillis(error.retryAfter)], ["checkout", 10_000])
      yield* TestClock.adjust("10 seconds")
      yield* whenEnabled("checkout")
      assert.lengthOf(yield* switches.list, 0)
    }).pipe(Effect.provide(KillSwitches.layerMemory))
  )

  it.effect("is shared by everything that was made with the same switches", () =>
    Effect.gen(function* () {
      const dependency = yield* Dependency.make("email", calm)
      const switches = yield* KillSwitches
      yield* switches.set("email", "off", order)
      assert.isTrue((yield* dependency.snapshot).switchedOff)
      yield* switches.clear("email", "off", order)
      assert.isFalse((yield* dependency.snapshot).switchedOff)
    }).pipe(Effect.provide(KillSwitches.layerMemory))
  )

  it.effect("remembers who ordered it, why and since when", () =>
    Effect.gen(function* () {
      const switches = yield* KillSwitches
      yield* TestClock.adjust("5 seconds")
      const set = yield* switches.set("email", "forced_open", order)
      assert.deepStrictEqual(yield* switches.list, [set])
      const { actor, reason, since, until } = set
      assert.deepStrictEqual({ actor, reason, since, until }, { ...order, since: 5000, until: undefined })
    }).pipe(Effect.provide(KillSwitches.layerMemory))
  )
})

describe("a switchboard", () => {
  it.effect("tells listeners of what a store changed, and of nothing else", () =>
    Effect.gen(function* () {
      const board = new Switchboard()
      const heard: Array<ReadonlyArray<Override>> = []
      yield* board.watch("email", (overrides) => heard.push(overrides))
      const now = yield* Clock.currentTimeMillis
      const off = overrideOf("email", "off", order, now, true)
      board.replaceAll([off])
      board.replaceAll([{ ...off }, overrideOf("other", "off", order, now, true)])
      board.replaceAll([])
      assert.deepStrictEqual(heard, [[], [off], []])
    })
  )

  it.effect("forgets a listener with its scope", () =>
    Effect.gen(function* () {
      const board = new Switchboard()
      let heard = 0
      yield* Effect.scoped(board.watch("email", () => heard++))
      board.put(overrideOf("email", "off", order, 0, true))
      assert.strictEqual(heard, 1)
    })
  )
})
