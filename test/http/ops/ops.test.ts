/** The operators' port: who may do what, and what it says of dead letters and queues. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Redacted } from "effect"
import { recommending } from "../../../src/catalog/Suggestions.ts"
import { counting } from "../../../src/dependencies/analytics/Analytics.ts"
import { mailing } from "../../../src/emails/runMail.ts"
import { Database } from "../../../src/database/Database.ts"
import { paymentsPolicy } from "../../../src/dependencies/payments/policy.ts"
import { Settlement } from "../../../src/jobs/Job.ts"
import { Jobs } from "../../../src/jobs/Jobs.ts"
import { Dependency, whenEnabled } from "../../../src/resilience/index.ts"
import type { Email } from "../../../src/users/Email.ts"
import { Users } from "../../../src/users/Users.ts"
import { buying } from "../../orders/buying.ts"
import { fieldsOf, json, logged, openDoor, refusal, send } from "../door.ts"
import { opsNode } from "./opsNode.ts"

const ada = { headers: { authorization: "Bearer token-of-ada" } }
const vic = { headers: { authorization: "Bearer token-of-vic" } }
const { order } = buying("ops")
const api = "/ops/api"
const reads = [
  `${api}/dead-letters`,
  `${api}/dead-letters/groups`,
  `${api}/dead-letters/preview`,
  `${api}/queues`,
  `${api}/kill-switches`,
  `${api}/circuits`,
  `${api}/invariants`,
  `${api}/status`,
  `${api}/audit`,
  `${api}/log-levels`,
  "/metrics"
]
const reason = "the provider is back"
const changes = [
  [`${api}/dead-letters/1/replay`, { reason }],
  [`${api}/dead-letters/replay`, { filter: { queue: "none" }, reason }],
  [`${api}/dead-letters/1/discard`, { reason }],
  [`${api}/dead-letters/discard`, { filter: { queue: "none" }, reason }],
  [`${api}/queues/none/pause`, { reason }],
  [`${api}/queues/none/resume`, { reason }],
  [`${api}/operators/usr_nobody/add`, { reason }],
  [`${api}/catalogue/LAMP/price`, { price: { amount: 1, currency: "CHF" }, reason }],
  [`${api}/catalogue/LAMP/stock`, { received: 1, reason }],
  [`${api}/operators/usr_nobody/remove`, { reason }],
  [`${api}/orders/ord_none/fulfil`, { reason }],
  [`${api}/kill-switches/checkout/off`, { reason }],
  [`${api}/kill-switches/checkout/on`, { reason }],
  [`${api}/circuits/payments/force-open`, { reason }],
  [`${api}/circuits/payments/disable`, { reason }],
  [`${api}/circuits/payments/reset`, { reason }],
  [`${api}/log-levels`, { module: "payments", level: "debug", expires_at: "2020-01-01T00:00:00.000Z", reason }],
  [`${api}/log-levels/reset`, { module: "payments", reason }]
] as const

const kill = Effect.fnUntraced(function* (queue: string, keys: ReadonlyArray<string>) {
  const jobs = yield* Jobs
  for (const key of keys) yield* jobs.enqueue({ queue, key, payload: { order_id: key } })
  const claimed = yield* jobs.claim(queue, keys.length)
  yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead({ code: "Gone", category: "permanent" })]))
  return claimed.map(({ id }) => id)
})

layer(opsNode, { excludeTestServices: true })("the operators' port", (it) => {
  it.effect("knows nobody without a token of the settings", () =>
    Effect.gen(function* () {
      for (const path of reads) {
        yield* refusal([401, "unauthenticated"], "GET", path)
        yield* refusal([401, "unauthenticated"], "GET", path, { headers: { authorization: "Bearer token-of-eve" } })
      }
      for (const [path, body] of changes) yield* refusal([401, "unauthenticated"], "POST", path, { body })
    })
  )

  it.effect("lets a viewer read, and change nothing", () =>
    Effect.gen(function* () {
      for (const path of reads) assert.strictEqual((yield* send("GET", path, vic)).status, 200, path)
      for (const [path, body] of changes) yield* refusal([403, "forbidden"], "POST", path, { ...vic, body })
    })
  )

  it.effect("wants a reason for every change", () =>
    Effect.gen(function* () {
      for (const [path, { reason: _, ...body }] of changes) {
        const { problem } = yield* refusal([400, "validation_failed"], "POST", path, { ...ada, body })
        assert.deepStrictEqual(fieldsOf(problem), ["payload /reason required"])
      }
      yield* refusal([400, "validation_failed"], "POST", `${api}/dead-letters/replay`, { ...ada, body: { reason } })
    })
  )

  it.effect("lists, groups, shows and previews dead letters", () =>
    Effect.gen(function* () {
      const ids = yield* kill("shown", ["a", "b", "c"])
      const page = json(yield* send("GET", `${api}/dead-letters?queue=shown&limit=2`, vic))
      assert.deepStrictEqual([page.data.length, page.has_more], [2, true])
      const rest = json(yield* send("GET", `${api}/dead-letters?queue=shown&cursor=${page.next_cursor}`, vic))
      assert.deepStrictEqual([rest.data.length, rest.has_more], [1, false])
      const groups = json(yield* send("GET", `${api}/dead-letters/groups?queue=shown`, vic))
      assert.deepInclude(groups.data[0], { queue: "shown", code: "Gone", count: 3 })
      const letter = json(yield* send("GET", `${api}/dead-letters/${ids[0]}`, vic))
      assert.deepInclude(letter, { key: "a", code: "Gone", attempts: 1, payload: { order_id: "a" } })
      const preview = json(yield* send("GET", `${api}/dead-letters/preview?queue=shown`, vic))
      assert.deepInclude(preview, { letters: 3, assessed: 3 })
      yield* refusal([404, "not_found"], "GET", `${api}/dead-letters/999999999`, vic)
      yield* refusal([400, "validation_failed"], "GET", `${api}/dead-letters/abc`, vic)
    })
  )

  it.effect("begins a replay, and tells how it goes", () =>
    Effect.gen(function* () {
      const [id] = yield* kill("begun", ["a", "b"])
      const one = yield* send("POST", `${api}/dead-letters/${id}/replay`, { ...ada, body: { reason } })
      assert.deepStrictEqual([one.status, json(one).items, json(one).actor], [202, 1, "ada"])
      const all = yield* send("POST", `${api}/dead-letters/replay`, {
        ...ada,
        body: { filter: { queue: "begun" }, reason, per_second: 10 }
      })
      assert.deepInclude(json(all), { items: 2, per_second: 10, reason })
      const told = json(yield* send("GET", `${api}/replays/${json(all).id}`, vic))
      assert.deepInclude(told, { items: 2, results: { waiting: 2, released: 0, done: 0, dead: 0, skipped: 0 } })
      yield* refusal([404, "not_found"], "GET", `${api}/replays/999999`, vic)
    })
  )

  it.effect("discards, pauses and resumes, and leaves who did it and why", () =>
    Effect.gen(function* () {
      yield* kill("changed", ["a", "b"])
      const post = (path: string, body: unknown) => send("POST", `${api}/${path}`, { ...ada, body })
      const discarded = yield* post("dead-letters/discard", { filter: { queue: "changed" }, reason })
      assert.deepStrictEqual(json(discarded), { discarded: 2 })
      const paused = json(yield* post("queues/changed/pause", { reason }))
      assert.deepInclude(paused.data[0].paused, { actor: "ada", reason })
      const resumed = json(yield* post("queues/changed/resume", { reason }))
      assert.isNull(resumed.data[0].paused)
      const database = yield* Database
      const actions = yield* database.query(
        "test",
        (sql) => sql`
          select actor, action, reason from operator_actions where target in ('changed', 'queue:changed') order by id`
      )
      assert.deepStrictEqual(
        actions,
        ["dead_letters.discard", "queue.pause", "queue.resume"].map((action) => ({ actor: "ada", action, reason }))
      )
    })
  )

  it.effect("gives an account the operator's role and takes it back, and keeps who did it and why", () =>
    Effect.gen(function* () {
      const users = yield* Users
      const [email, password] = ["becomes@example.com" as Email, Redacted.make("correct horse battery")]
      const { id } = yield* users.signUp({ email, password, name: "Becomes" })
      const post = (verb: string) => send("POST", `${api}/operators/${id}/${verb}`, { ...ada, body: { reason } })
      const added = json(yield* post("add"))
      assert.deepStrictEqual(added, { user_id: id, role: "operator" })
      const database = yield* Database
      const role = database.query("test", (sql) => sql`select role from users where id = ${id}`)
      assert.deepStrictEqual(yield* role, [{ role: "operator" }])
      assert.deepStrictEqual(json(yield* post("remove")), { user_id: id, role: "customer" })
      assert.deepStrictEqual(yield* role, [{ role: "customer" }])
      const actions = yield* database.query(
        "test",
        (sql) => sql`select actor, action, reason from operator_actions where target = ${id} order by id`
      )
      assert.deepStrictEqual(
        actions,
        ["operator.add", "operator.remove"].map((action) => ({ actor: "ada", action, reason }))
      )
      const nobody = `${api}/operators/usr_nobody/add`
      yield* refusal([404, "not_found"], "POST", nobody, { ...ada, body: { reason } })
      const kept = yield* database.query(
        "test",
        (sql) => sql`select 1 from operator_actions where target = 'usr_nobody'`
      )
      assert.deepStrictEqual(kept, [])
    })
  )

  it.effect("knows nothing of the API's routes", () =>
    Effect.gen(function* () {
      yield* refusal([404, "not_found"], "GET", "/v1/products", ada)
      yield* refusal([404, "not_found"], "GET", "/livez", ada)
    })
  )
})

layer(opsNode, { excludeTestServices: true })("an operator", (it) => {
  const post = (path: string, body: object = { reason }) => send("POST", `${api}/${path}`, { ...ada, body })
  const switchCalled = (name: string) =>
    Effect.map(send("GET", `${api}/kill-switches`, vic), (answer) =>
      json(answer).data.find((each: { name: string }) => each.name === name)
    )

  it.effect("switches a feature off until a time or until it is taken back, and sees who did", () =>
    Effect.gen(function* () {
      const expires_at = DateTime.formatIso(DateTime.add(yield* DateTime.now, { minutes: 5 }))
      const off = json(yield* post("kill-switches/checkout/off", { reason, expires_at }))
      assert.deepInclude(off, { name: "checkout", of: "feature", state: "off" })
      assert.deepInclude(off.order, { kind: "off", actor: "ada", reason })
      assert.closeTo(Date.parse(off.order.expires_at), Date.parse(expires_at), 10_000)
      assert.strictEqual((yield* Effect.flip(whenEnabled("checkout")))._tag, "FeatureDisabled")
      assert.deepInclude(yield* switchCalled("checkout"), { state: "off" })
      assert.deepInclude(json(yield* post("kill-switches/checkout/on")), { state: "on", order: null })
      yield* whenEnabled("checkout")
    })
  )

  it.effect("switches recommendations, analytics and emails off as features, each listed once", () =>
    Effect.gen(function* () {
      for (const name of [recommending, counting, mailing]) {
        assert.deepInclude(json(yield* post(`kill-switches/${name}/off`)), { name, of: "feature", state: "off" })
        assert.deepInclude(json(yield* post(`kill-switches/${name}/on`)), { name, state: "on" })
      }
      const names: ReadonlyArray<string> = json(yield* send("GET", `${api}/kill-switches`, vic)).data.map(
        (each: { name: string }) => each.name
      )
      assert.strictEqual(new Set(names).size, names.length, names.join())
    })
  )

  it.effect("is told of a name that is nothing, and of a time that is over, and switches nothing", () =>
    Effect.gen(function* () {
      for (const path of ["kill-switches/chekout/off", "kill-switches/chekout/on", "circuits/checkout/force-open"]) {
        yield* refusal([404, "not_found"], "POST", `${api}/${path}`, { ...ada, body: { reason } })
      }
      const over = { ...ada, body: { reason, expires_at: "2020-01-01T00:00:00.000Z" } }
      const { problem } = yield* refusal([400, "validation_failed"], "POST", `${api}/kill-switches/checkout/off`, over)
      assert.deepStrictEqual(fieldsOf(problem), ["payload /expires_at out_of_range"])
      assert.deepInclude(yield* switchCalled("checkout"), { state: "on" })
    })
  )

  it.effect("opens a circuit, takes it out, and gives it back closed", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const payments = yield* Dependency.make("payments", paymentsPolicy)
        const circuit = Effect.map(send("GET", `${api}/circuits`, vic), (answer) => {
          const [database, first] = json(answer).data
          assert.deepInclude(database, { name: "database", state: "closed", switched_off: false })
          return first
        })
        assert.deepInclude(yield* circuit, { name: "payments", state: "closed", calls: 0, orders: [] })
        const opened = json(yield* post("circuits/payments/force-open")).data[0]
        assert.deepInclude(opened, { name: "payments", state: "forced_open" })
        assert.deepInclude(opened.orders[0], { kind: "forced_open", actor: "ada", reason })
        const refused = yield* Effect.flip(payments.call(Effect.void, { kind: "write-once" }))
        assert.strictEqual(refused._tag, "DependencyUnavailable")
        assert.deepInclude(json(yield* post("circuits/payments/reset")).data[0], { state: "closed", orders: [] })
        yield* payments.call(Effect.void, { kind: "write-once" })
        assert.deepInclude(json(yield* post("circuits/payments/disable")).data[0], { state: "disabled" })
        yield* post("circuits/payments/reset")
      })
    )
  )

  it.effect("says that a paid order is on its way, once and for good", () =>
    Effect.gen(function* () {
      const sold = yield* order(1)
      yield* sold.until("captured")
      for (const _ of [1, 2]) {
        const answer = yield* post(`orders/${sold.id}/fulfil`)
        assert.deepStrictEqual(json(answer), { id: sold.id, status: "fulfilled" })
      }
      assert.strictEqual((yield* sold.now).status, "fulfilled")
      const declined = yield* order(1, "pm_card_chargeDeclined")
      yield* declined.until("failed")
      yield* refusal([409, "order_state_conflict"], "POST", `${api}/orders/${declined.id}/fulfil`, {
        ...ada,
        body: { reason }
      })
      const database = yield* Database
      const actions = yield* database.query(
        "test",
        (sql) => sql`select target, actor, reason from operator_actions where action = 'order.fulfil'`
      )
      assert.deepStrictEqual(
        actions,
        [1, 2].map(() => ({ target: sold.id, actor: "ada", reason }))
      )
    })
  )
})

layer(openDoor, { excludeTestServices: true })("the API's port", (it) => {
  it.effect("knows nothing of the operators' routes", () =>
    Effect.gen(function* () {
      for (const path of reads) yield* refusal([404, "not_found"], "GET", path, ada)
      for (const [path, body] of changes) yield* refusal([404, "not_found"], "POST", path, { ...ada, body })
    })
  )
})

layer(opsNode, { excludeTestServices: true })("how much this node says", (it) => {
  const set = (body: object) => send("POST", `${api}/log-levels`, { ...ada, body })
  const levelOf = (module: string) =>
    Effect.map(send("GET", `${api}/log-levels`, vic), (answer) =>
      json(answer).data.find((each: { module: string }) => each.module === module)
    )

  it.effect("is changed for one part, for a reason and a while, which is kept; and taken back", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* levelOf("payments"), { level: "info", actor: null })
      const expires_at = DateTime.formatIso(DateTime.add(yield* DateTime.now, { minutes: 5 }))
      const answer = yield* set({ module: "payments", level: "debug", expires_at, reason })
      assert.strictEqual(answer.status, 200, answer.text)
      assert.deepInclude(yield* levelOf("payments"), { level: "debug", actor: "ada", reason, expires_at })
      assert.deepInclude(yield* levelOf("orders"), { level: "info", actor: null })
      yield* send("POST", `${api}/log-levels/reset`, { ...ada, body: { module: "payments", reason } })
      assert.deepInclude(yield* levelOf("payments"), { level: "info", actor: null })
      const database = yield* Database
      const kept = yield* database.query(
        "test.actions",
        (sql) => sql`select actor, action, reason from operator_actions where target = 'log:payments' order by id`
      )
      assert.deepStrictEqual(
        kept.map(({ action, actor, reason }) => [actor, action, reason]),
        [
          ["ada", "log_level.set", reason],
          ["ada", "log_level.reset", reason]
        ]
      )
    })
  )

  it.effect("is what is then in the log, and is not any more when it is taken back", () =>
    Effect.gen(function* () {
      const answered = Effect.map(logged, (lines) => lines.filter(({ message }) => message === "answered"))
      const expires_at = DateTime.formatIso(DateTime.add(yield* DateTime.now, { minutes: 5 }))
      assert.deepStrictEqual(yield* answered, [])
      yield* set({ module: "http", level: "debug", expires_at, reason })
      yield* send("GET", `${api}/queues`, vic)
      yield* send("POST", `${api}/log-levels/reset`, { ...ada, body: { module: "http", reason } })
      yield* send("GET", `${api}/queues`, vic)
      const [, line, ...more] = yield* answered
      assert.deepInclude(line, { level: "DEBUG", module: "http", method: "GET", route: `${api}/queues`, status: 200 })
      assert.deepStrictEqual(more, [])
    })
  )

  it.effect("is not changed for ever, nor for what there is not", () =>
    Effect.gen(function* () {
      const expires_at = DateTime.formatIso(DateTime.add(yield* DateTime.now, { hours: 25 }))
      const path = `${api}/log-levels`
      for (const [body, field] of [
        [{ module: "payments", level: "debug", expires_at, reason }, "payload /expires_at out_of_range"],
        [{ module: "paymints", level: "debug", expires_at, reason }, "payload /module invalid_value"]
      ] as const) {
        const { problem } = yield* refusal([400, "validation_failed"], "POST", path, { ...ada, body })
        assert.deepStrictEqual(fieldsOf(problem), [field])
      }
    })
  )
})
