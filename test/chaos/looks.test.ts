/** What the scenarios look at beside the invariants, tried with traffic made up for it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { paymentsPolicy } from "../../src/dependencies/payments/policy.ts"
import { amplification } from "./amplification.ts"
import { circuitOf } from "./circuits.ts"
import { goodput, type Wish } from "./drive.ts"
import type { Node } from "./node.ts"
import { makeProviderTraffic } from "./providerTraffic.ts"

const window = { from: 1_000, to: 10_000 }
const traffic = (names: ReadonlyArray<string>) => ({
  writes: new Map<string, number>(),
  questions: 0,
  mails: new Set<string>(),
  asked: names.map((name) => ({ provider: "payments" as const, at: 2_000, name }))
})
const times = (name: string, many: number) => Array.from({ length: many }, () => name)

describe("the wire to the providers", () => {
  it("tells who was asked, and the same thing asked again", () => {
    const { hear, seen } = makeProviderTraffic()
    const write = "POST /v1/payment_intents HTTP/1.1\r\nidempotency-key: key-1\r\n\r\n"
    for (const said of [write, write, "PUT /inventory/reservations/ord_1 HTTP/1.1\r\n\r\n", "more of a body"]) {
      hear(Buffer.from(said))
    }
    assert.deepStrictEqual(
      seen().asked.map(({ name, provider }) => [provider, name]),
      [
        ["payments", "key-1"],
        ["payments", "key-1"],
        ["inventory", "PUT /inventory/reservations/ord_1"]
      ]
    )
  })
})

describe("a provider that is away", () => {
  it("may be asked 1.1 times for each thing, and twenty times", () => {
    const things = Array.from({ length: 100 }, (_, index) => `key-${index}`)
    const asked = (again: number) => amplification(traffic([...things, ...times("key-0", again)]), "payments", window)
    assert.deepStrictEqual(asked(30).breaches, [])
    assert.lengthOf(asked(31).breaches, 1)
  })

  it("is not blamed for what was asked before and after, or of another one", () => {
    const all = traffic(times("key-0", 500))
    assert.deepStrictEqual(amplification(all, "payments", { from: 3_000, to: 4_000 }).breaches, [])
    assert.deepStrictEqual(amplification(all, "email", window).breaches, [])
  })
})

describe("a circuit", () => {
  const judged = (...changes: ReadonlyArray<readonly [at: number, state: string]>) => {
    const lines = changes.map(([at, state]) => ({
      level: "INFO",
      message: "The circuit changed its state.",
      timestamp: new Date(at).toISOString(),
      dependency: "payments",
      "circuit.state": state
    }))
    const node = { lines: Effect.succeed(lines) } as Partial<Node> as Node
    return Effect.map(circuitOf(node, "payments", paymentsPolicy, window), ({ breaches }) => breaches.length)
  }

  it.effect("has to open in the fault and to be closed ten seconds after it", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* judged([2_000, "open"], [14_000, "half_open"], [14_100, "closed"]), 0)
      assert.strictEqual(yield* judged([2_000, "open"], [20_500, "closed"]), 1)
      assert.strictEqual(yield* judged([2_000, "open"], [9_000, "half_open"]), 1)
      assert.strictEqual(yield* judged(), 1)
    })
  )
})

describe("goodput", () => {
  it("counts the customers of a stretch who were served, a second", () => {
    const wish = (at: number, served: boolean): Wish => ({ at, served, outcome: served, attempts: 1 })
    const wishes = [wish(999, true), wish(1_000, true), wish(2_999, true), wish(2_000, false), wish(3_000, true)]
    assert.strictEqual(goodput(wishes, 1_000, 3_000), 1)
  })
})
