/** The judge of the campaigns: each breach, planted, is found; and what is right is let go. */
import { expect, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Database } from "../../src/database/Database.ts"
import type { LedgerEntry } from "../../src/sandbox/payments/objects.ts"
import { TestDatabase } from "../database/testDatabase.ts"
import type { Answer, Log } from "./customerLog.ts"
import { judge } from "./judge.ts"

const account = "usr_of_the_judge"

/** An order of 100 cents that was captured, and the customer's key to it. */
const capturedOrder = (id: string, key: string) =>
  Effect.flatMap(Database, (database) =>
    database.transaction("test.order", (sql) =>
      Effect.gen(function* () {
        yield* sql`insert into orders (id, user_id, status, payment_method, subtotal_cents, discount_cents,
          shipping_cents, total_cents, currency) values (${id}, ${account}, 'captured', 'pm', 100, 0, 0, 100, 'EUR')`
        yield* sql`insert into payments (order_id, provider_id, amount_cents, currency, authorized_cents, captured_cents)
          values (${id}, ${`pi_${id}`}, 100, 'EUR', 100, 100)`
        yield* sql`insert into payment_operations (id, order_id, operation, key, state, resolved_at)
          values (${`${id}-capture`}, ${id}, 'capture', ${`${id}-capture`}, 'succeeded', now())`
        yield* sql`insert into money_movements (order_id, operation_id, debit, credit, amount_cents, currency)
          values (${id}, ${`${id}-capture`}, 'cash', 'sales', 100, 'EUR')`
        yield* sql`insert into idempotency_keys (account, route, key, fingerprint, order_id, expires_at)
          values (${account}, 'POST /v1/orders', ${key}, ''::bytea, ${id}, now() + interval '1 day')`
      })
    )
  )

const entry = (type: LedgerEntry["type"], order_id: string): LedgerEntry => ({
  at: "2026-01-01T00:00:00.000Z",
  type,
  payment_intent: `pi_${order_id}`,
  order_id,
  amount: 100,
  currency: "EUR"
})
const books = (...ids: ReadonlyArray<string>) => ids.flatMap((id) => [entry("authorized", id), entry("captured", id)])
const created = (id: string, total = 100): Answer => ({ status: 201, body: { id, total, lines: [] } })
const told = (keys: Readonly<Record<string, ReadonlyArray<Answer>>>): Log =>
  new Map(
    Object.entries(keys).map(([key, answers]) => [
      key,
      { account, key, answers: [...answers], requests: answers.length }
    ])
  )
const traffic = { writes: new Map<string, number>(), questions: 0, mails: new Set<string>(), asked: [] }

layer(TestDatabase.layer, { excludeTestServices: true })("the judge of a campaign", (it) => {
  const whole = Effect.gen(function* () {
    const database = yield* Database
    yield* database.query(
      "test.user",
      (sql) => sql`insert into users (id, email, email_normalized, name, password)
        values (${account}, 'a@b.example', 'a@b.example', 'Ada', 'x') on conflict do nothing`
    )
    yield* database.query("test.empty", (sql) => sql`truncate orders cascade`)
    yield* capturedOrder("ord_1", "key-one")
    return { log: told({ "key-one": [created("ord_1"), created("ord_1")] }), ledger: books("ord_1"), traffic }
  })
  const found = (evidence: Parameters<typeof judge>[0]) =>
    Effect.map(judge(evidence), ({ double, lost, others }) => ({ lost, double, others }))
  const nothing = { lost: [], double: [], others: [] }

  it.effect("lets an order go that was acknowledged, stored and charged once", () =>
    Effect.gen(function* () {
      expect(yield* found(yield* whole)).toEqual(nothing)
    })
  )

  it.effect("says nothing of a run in which most customers heard nothing, but one of many refusals it judges", () =>
    Effect.gen(function* () {
      const evidence = yield* whole
      const of = (answer: Answer) =>
        Effect.map(
          judge({
            ...evidence,
            log: told({ "key-one": [created("ord_1")], "key-two": [answer], "key-three": [answer] })
          }),
          ({ unknown }) => unknown
        )
      expect(yield* of({ status: 402, body: { code: "payment_declined" } })).toEqual([])
      expect(yield* of({ status: 503, body: { code: "overloaded", side_effects: "none" } })).toEqual([])
      for (const status of [0, 503]) {
        expect(yield* of({ status, body: {} })).toEqual([
          "unknown: 1 of 3 customers were told what became of their order"
        ])
      }
    })
  )

  it.effect("finds what was acknowledged and is not there", () =>
    Effect.gen(function* () {
      const evidence = yield* whole
      const log = told({ "key-one": [created("ord_1")], "key-two": [created("ord_2")] })
      expect(yield* found({ ...evidence, log })).toEqual({ ...nothing, lost: ["I1 key-two: ord_2 was acknowledged"] })
    })
  )

  it.effect("holds what was taken for later against its decision: an order, a refusal, or nothing, which is lost", () =>
    Effect.gen(function* () {
      const { ledger } = yield* whole
      const database = yield* Database
      yield* database.query(
        "test.deferred",
        (sql) => sql`insert into deferred
          (id, kind, account, key, fingerprint, payload, accepted_at, accept_until, resource, problem, decided_at)
          values ('dfr_applied', 'order', ${account}, 'key-one', '', null, now(), now(), '/v1/orders/ord_1', null, now()),
            ('dfr_refused', 'order', ${account}, 'key-two', '', null, now(), now(), null, '{}', now())
          on conflict do nothing`
      )
      const later = (id: string): Answer => ({ status: 202, body: { id } })
      const log = told({ "key-one": [later("dfr_applied"), created("ord_1")], "key-two": [later("dfr_refused")] })
      expect(yield* found({ log, ledger, traffic })).toEqual(nothing)
      const unknown = told({ "key-one": [created("ord_1")], "key-three": [later("dfr_gone")] })
      expect((yield* found({ log: unknown, ledger, traffic })).lost).toEqual([
        "I1 key-three: dfr_gone was acknowledged"
      ])
    })
  )

  it.effect("finds a second charge", () =>
    Effect.gen(function* () {
      const evidence = yield* whole
      const { double } = yield* found({ ...evidence, ledger: books("ord_1", "ord_1") })
      expect(double).toEqual(["I6 ord_1: taken twice"])
    })
  )

  it.effect.each([
    ["I2", "nobody asked for", { log: told({}) }],
    ["I4", "whose answers disagree", { log: told({ "key-one": [created("ord_1"), created("ord_1", 200)] }) }],
    ["I5", "refused and paid", { log: told({ "key-one": [{ status: 422, body: {} }] }) }],
    [
      "I5",
      "told that nothing was done",
      { log: told({ "key-one": [{ status: 503, body: { side_effects: "none" } }] }) }
    ],
    ["I7", "of which the provider knows no charge", { ledger: [] }],
    ["I8", "that only the provider knows", { ledger: books("ord_1", "ord_elsewhere") }],
    ["I9", "over, with money held", { ledger: [...books("ord_1"), entry("authorized", "ord_1")] }],
    ["I13", "about which an unknown mail was sent", { traffic: { ...traffic, mails: new Set(["made-up"]) } }],
    ["I14", "asked for under another key", { traffic: { ...traffic, writes: new Map([["made-up", 1]]) } }]
  ] as const)("finds %s: an order %s", ([invariant, , planted]) =>
    Effect.gen(function* () {
      const { others } = yield* found({ ...(yield* whole), ...planted })
      expect(others.map((breach) => breach.split(" ")[0])).toContain(invariant)
    })
  )
})
