/** What the page makes of a look: the sentence and what it leads to, what must be zero, the lines, the faults. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { affected } from "../../../../src/http/ops/page/affected.ts"
import type { Wanted } from "../../../../src/http/ops/page/changes.ts"
import type { Look } from "../../../../src/http/ops/page/Console.ts"
import { runbookOf } from "../../../../src/http/ops/page/runbookPage.ts"
import { sectionsOf } from "../../../../src/http/ops/page/sectionsOf.ts"
import { runbookPages } from "../../../../src/http/ops/page/sections/verdict.ts"
import { sparkline } from "../../../../src/http/ops/page/sparkline.ts"
import type { Doubt } from "../../../../src/ops/doubts.ts"
import { root } from "../../../main/process.ts"
import { before, flowOf, lookOf, seen, untouched } from "./looks.ts"

const part = (id: string, look: Look) =>
  sectionsOf(look)
    .find((one) => one.id === id)
    ?.content.text.replaceAll(/\s+/g, " ") ?? ""
/** As it is read: without the tags. */
const words = (id: string, look: Look) =>
  part(id, look)
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll(/\s+/g, " ")
    .trim()

const doubt: Doubt = {
  orderId: "ord_one",
  operation: "confirm",
  amountMinor: 4_990,
  currency: "EUR",
  ageSeconds: 90,
  sends: 2,
  keySecondsLeft: 80_000,
  asksInSeconds: 42
}
const inDoubt = (changed: Partial<Doubt> = {}) =>
  seen({ count: 1, oldest: [{ ...doubt, ...changed }], sums: [{ currency: "EUR", amountMinor: 4_990 }] })

describe("the sentence", () => {
  it("says that all is well, and what that rests on", () => {
    assert.strictEqual(words("verdict", lookOf({})), "All is well.")
    assert.include(words("asof", lookOf({})), "No order is lost and none is charged twice, as compared at 11:59:40.")
  })

  it("names what is not as it should be, the worst first, each with its page of the runbook", () => {
    const { invariants } = lookOf({})
    const twice = invariants.find(({ name }) => name === "captured_twice") ?? assert.fail("it is not looked at")
    const broken = { ...twice, count: 2, rows: ["ord_a", "ord_b"] }
    const look = lookOf({ invariants: [...invariants.filter((one) => one !== twice), broken], doubts: inDoubt() })
    assert.strictEqual(
      words("verdict", look),
      "Degraded: captured twice: 2 (InvariantBroken); 1 payment is in doubt, the oldest since 11:58 (PaymentsInDoubt)."
    )
    assert.include(part("verdict", look), 'href="/ops/runbook#invariantbroken"')
    assert.notInclude(words("asof", look), "No order is lost")
  })

  it("does not change while nothing does, so that it is read aloud once", () => {
    const circuit = (seconds: number) => lookOf({ doubts: inDoubt({ ageSeconds: 90 + seconds }), at: before(-seconds) })
    const later = { ...circuit(7), doubts: Option.map(circuit(7).doubts, (found) => ({ ...found, at: before(-7) })) }
    assert.strictEqual(part("verdict", later), part("verdict", circuit(0)))
  })

  it("tells that orders have dropped by half, and that a look is from before", () => {
    const placed = Array.from({ length: 120 }, (_, minute) => (minute < 60 ? 20 : 9))
    assert.include(
      words("verdict", lookOf({ flow: seen(flowOf({ placed })) })),
      "45 orders in 5 minutes, 100 an hour ago"
    )
    const few = placed.map((count) => count / 4)
    assert.strictEqual(words("verdict", lookOf({ flow: seen(flowOf({ placed: few })) })), "All is well.")
    assert.include(words("verdict", lookOf({ letters: seen([], true) })), "the database cannot be read")
  })

  it.effect("tells every switch that is off once, also of what this node does not call", () =>
    Effect.gen(function* () {
      const ordered = { actor: "ada", reason: "drill", since: 0, until: undefined, persisted: true } as const
      const off = (name: string, of: "feature" | "dependency") =>
        ({ name, of, off: { ...ordered, target: name, kind: "off" } }) as const
      const switches = [
        off("checkout", "feature"),
        off("email", "feature"),
        off("payments", "dependency"),
        { name: "inventory", of: "dependency", off: undefined } as const
      ]
      assert.strictEqual(
        words("verdict", lookOf({ switches })),
        "Degraded: checkout is switched off; email is switched off; payments is switched off (SwitchedOffForADay)."
      )
      const circuit = yield* untouched
      const named = (name: string, switchedOff: boolean) => ({ ...circuit, name, switchedOff })
      const circuits = [named("email", true), named("payments", true), named("inventory", false)]
      assert.strictEqual(
        words("verdict", lookOf({ switches, circuits })),
        "Degraded: email is switched off (SwitchedOffForADay); payments is switched off (SwitchedOffForADay); checkout is switched off."
      )
    })
  )

  it("leads only to pages that the runbook has", () => {
    const runbook = runbookOf(readFileSync(join(root, "docs/runbook.md"), "utf8")).text
    for (const page of runbookPages) assert.include(runbook, `<h2 id="${page.toLowerCase()}">${page}</h2>`)
    assert.include(runbook, "<code>GET /v1/status</code>")
    assert.notMatch(runbook, /\*\*|`|\]\(/)
  })
})

describe("what must be zero", () => {
  it("is not zero where it was not compared", () => {
    const [first, ...others] = lookOf({}).invariants
    const { checked_at: _, count: __, ...never } = first ?? assert.fail("there are none")
    const look = lookOf({ invariants: [never, ...others] })
    assert.include(words("invariants", look), `${others.length} are zero, the oldest comparison 20 s ago`)
    assert.include(words("invariants", look), "1 were not compared since this node started")
    assert.include(words("invariants", look), "not compared")
  })

  it("names the rows that break it", () => {
    const [first, ...others] = lookOf({}).invariants
    const broken = { ...(first ?? assert.fail("there are none")), count: 30, rows: ["ord_<b>"] }
    const shown = part("invariants", lookOf({ invariants: [broken, ...others] }))
    assert.include(shown, "<summary>1 of 30</summary>")
    assert.include(shown, "<code>ord_&lt;b&gt;</code>")
  })
})

describe("payments in doubt", () => {
  it("are shown with their money and when they are asked about, and can be asked about now", () => {
    const shown = words("doubts", lookOf({ doubts: inDoubt() }))
    assert.match(shown, /1 operation, EUR 49\.90\..*ord_one confirm, 2 times EUR 49\.90 90 s 22 h in 42 s ask now/)
    assert.include(
      part("doubts", lookOf({ doubts: inDoubt() })),
      "/ops/change?thing=order&amp;name=ord_one&amp;verb=ask"
    )
    assert.include(words("doubts", lookOf({ doubts: inDoubt({ keySecondsLeft: -5 }) })), "over: only asked about")
  })

  it("offer no asking where nobody asks: where the order's job is dead, discarded or gone", () => {
    const look = lookOf({ doubts: inDoubt({ asksInSeconds: null }) })
    assert.include(words("doubts", look), "nobody: its job is dead, discarded or gone")
    assert.notInclude(part("doubts", look), "verb=ask")
  })
})

describe("a change", () => {
  const of = (thing: Wanted["thing"], name: string, look: Partial<Look>) =>
    affected({ thing, name, verb: "" }, lookOf(look))
  const placed = Array.from({ length: 120 }, () => 2)
  const waiting = [{ status: "reserved", currency: "EUR", count: 3, amountMinor: 900, oldestSeconds: 5 }]

  it("says whom it touches, where that is known", () => {
    const flow = seen({ ...flowOf({ placed }), waiting })
    const rates = new Map([["payments", { callsPerSecond: 0.5, failedShare: 0, p99Millis: 50 }]])
    assert.deepStrictEqual(of("circuit", "payments", { flow, rates }), [
      "30 calls of it were made in the last minute by this node.",
      "120 orders were placed in the last hour; 3 are on their way now."
    ])
    const queue = { queue: "orders", ready: 4, delayed: 5, running: 6, dead: 0, oldestSeconds: 1, paused: undefined }
    assert.deepStrictEqual(of("queue", "orders", { queues: seen([queue]) }), [
      "4 of its jobs are ready, 5 are due later, 6 run."
    ])
    assert.deepStrictEqual(of("order", "ord_one", { doubts: inDoubt() }), [
      "Its confirm of EUR 49.90 has been in doubt for 90 s."
    ])
    assert.deepStrictEqual(of("switch", "email", { flow }), [])
  })
})

describe("a line", () => {
  it("has the last hour before the hour before, both to one scale, and says so in words", () => {
    const { text } = sparkline([4, 2, undefined, 1], "two hours")
    assert.include(text, 'class="ghost" points="0.0,2.0 240.0,18.0"')
    assert.include(text, 'class="line" points="240.0,26.0"')
    assert.include(text, 'role="img" aria-label="two hours"')
  })
})

describe("faults on purpose", () => {
  const fault = { provider: "payments", mode: "status", status: 503, struck: 7 } as const

  it("are shown with what they strike, and can be ended", () => {
    const look = lookOf({ faults: seen([fault]) })
    assert.match(words("faults", look), /payments status status 503 7 repair/)
    assert.include(part("faults", look), '<option value="hang_after">hang after</option>')
  })

  it("are nowhere in production", () => {
    assert.isUndefined(sectionsOf(lookOf({})).find(({ id }) => id === "faults"))
  })
})
