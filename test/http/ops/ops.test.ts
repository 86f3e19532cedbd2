/** The operators' port: who may do what, and what it says of dead letters and queues. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { Database } from "../../../src/database/Database.ts"
import { OperatorTokens } from "../../../src/http/ops/OpsAuthorization.ts"
import { opsApi } from "../../../src/http/ops/OpsServer.ts"
import { DeadLetters } from "../../../src/jobs/DeadLetters.ts"
import { Settlement } from "../../../src/jobs/Job.ts"
import { Jobs } from "../../../src/jobs/Jobs.ts"
import type { Email } from "../../../src/users/Email.ts"
import { KillSwitches } from "../../../src/resilience/index.ts"
import { Passwords } from "../../../src/users/Passwords.ts"
import { Users } from "../../../src/users/Users.ts"
import { TestDatabase } from "../../database/testDatabase.ts"
import { fieldsOf, json, openDoor, refusal, send, serving } from "../door.ts"

const operators = Layer.succeed(OperatorTokens, [
  { name: "ada", role: "operator", token: Redacted.make("token-of-ada") },
  { name: "vic", role: "viewer", token: Redacted.make("token-of-vic") }
])
const queues = Layer.merge(DeadLetters.layer, Users.layer).pipe(
  Layer.provideMerge(Jobs.layer),
  Layer.provide([Passwords.layerMemory, KillSwitches.layerMemory, SecureRandom.layerWebCrypto]),
  Layer.provideMerge(TestDatabase.layer)
)
const opsDoor = serving(opsApi.pipe(Layer.provideMerge(queues), Layer.provide(operators)))

const ada = { headers: { authorization: "Bearer token-of-ada" } }
const vic = { headers: { authorization: "Bearer token-of-vic" } }
const api = "/ops/api"
const reads = [`${api}/dead-letters`, `${api}/dead-letters/groups`, `${api}/dead-letters/preview`, `${api}/queues`]
const reason = "the provider is back"
const changes = [
  [`${api}/dead-letters/1/replay`, { reason }],
  [`${api}/dead-letters/replay`, { filter: { queue: "none" }, reason }],
  [`${api}/dead-letters/1/discard`, { reason }],
  [`${api}/dead-letters/discard`, { filter: { queue: "none" }, reason }],
  [`${api}/queues/none/pause`, { reason }],
  [`${api}/queues/none/resume`, { reason }],
  [`${api}/operators/usr_nobody/add`, { reason }],
  [`${api}/operators/usr_nobody/remove`, { reason }]
] as const

const kill = Effect.fnUntraced(function* (queue: string, keys: ReadonlyArray<string>) {
  const jobs = yield* Jobs
  for (const key of keys) yield* jobs.enqueue({ queue, key, payload: { order_id: key } })
  const claimed = yield* jobs.claim(queue, keys.length)
  yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead({ code: "Gone", category: "permanent" })]))
  return claimed.map(({ id }) => id)
})

layer(opsDoor, { excludeTestServices: true })("the operators' port", (it) => {
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

layer(openDoor, { excludeTestServices: true })("the API's port", (it) => {
  it.effect("knows nothing of the operators' routes", () =>
    Effect.gen(function* () {
      for (const path of reads) yield* refusal([404, "not_found"], "GET", path, ada)
      for (const [path, body] of changes) yield* refusal([404, "not_found"], "POST", path, { ...ada, body })
    })
  )
})
