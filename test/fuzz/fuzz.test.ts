/** A few hundred requests of `npm run fuzz`, against the doors of the API and of operators; HTTP_SEED repeats them. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { OpenApi } from "effect/http-api"
import { Api } from "../../src/http/Api.ts"
import { Database } from "../../src/database/Database.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { Door, member, openDoor, send, Written } from "../http/door.ts"
import { opsNode } from "../http/ops/opsNode.ts"
import { tracesIn } from "../canaries/canaries.ts"
import type { Document } from "./document.ts"
import { alsoWrongFor, besides, withoutReason } from "./operators.ts"
import { asText, walk } from "./walk.ts"

const seed = Number(process.env["HTTP_SEED"] ?? Date.now() % 1_000_000)
const requests = 700

layer(openDoor, { excludeTestServices: true })("what the API's document allows, and what it does not", (it) => {
  it.effect(
    `is answered as the contract says, and nothing entrusted to it is in the log (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const { port } = yield* Door
        const [one, other, spare] = [yield* member, yield* member, yield* member]
        const url = `http://127.0.0.1:${port}`
        const document = OpenApi.fromApi(Api) as unknown as Document
        const tokens = { lasting: [one.token, other.token], spare: spare.token }
        const { breaches, statuses } = yield* walk({ url, document, tokens, seed, requests, concurrency: 8 })
        assert.deepStrictEqual(breaches.map(asText(url)), [])
        for (const status of [200, 201, 400, 401, 404, 405])
          assert.isTrue(statuses.has(status), `no ${status} in the sample`)
        assert.deepStrictEqual(
          (yield* Written).filter((line) => tracesIn(line).length > 0),
          []
        )
        assert.strictEqual((yield* send("GET", "/livez")).status, 200)
      }),
    60_000
  )
})

const operators = { operator: "token-of-ada", viewer: "token-of-vic" }
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

/** Dead letters to be looked at, replayed and discarded. */
const letters = Effect.gen(function* () {
  const jobs = yield* Jobs
  for (const key of ["a", "b", "c", "d", "e"]) yield* jobs.enqueue({ queue: "fuzzed", key, payload: { order_id: key } })
  const claimed = yield* jobs.claim("fuzzed", 5)
  yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead({ code: "Gone", category: "permanent" })]))
})

const changes = Effect.flatMap(Database, (database) =>
  database.query(
    "test.changes",
    (sql) => sql<{ count: number }>`
      select (select count(*) from operator_actions)::int + (select count(*) from kill_switch_audit)::int as count`
  )
)

layer(opsNode, { excludeTestServices: true })("what the operators' document allows, and what it does not", (it) => {
  const walkAs = Effect.fnUntraced(function* (lasting: ReadonlyArray<string>, cookie: string, requests: number) {
    const { port } = yield* Door
    const url = `http://127.0.0.1:${port}`
    const document = JSON.parse((yield* send("GET", "/openapi.json")).text) as Document
    const alsoWrong = alsoWrongFor(operators, cookie)
    const tokens = { lasting, spare: lasting[0] ?? "" }
    const walked = yield* walk({ url, document, besides, cookie, alsoWrong, tokens, seed, requests, concurrency: 8 })
    assert.deepStrictEqual(walked.breaches.map(asText(url)), [])
    return walked.statuses
  })

  it.effect(
    `changes nothing for who only looks (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        yield* letters
        const before = yield* changes
        const statuses = yield* walkAs([operators.viewer], "", 300)
        assert.deepStrictEqual(yield* changes, before)
        for (const status of [200, 400, 401, 403]) assert.isTrue(statuses.has(status), `no ${status} in the sample`)
      }),
    60_000
  )

  it.effect(
    `is answered as the contract says, and nothing entrusted to it is in the log (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        yield* letters
        const statuses = yield* walkAs([operators.operator], "", 400)
        for (const status of [200, 202, 400, 401, 404, 405])
          assert.isTrue(statuses.has(status), `no ${status} in the sample`)
        assert.deepStrictEqual(
          (yield* Written).filter((line) => tracesIn(withoutReason(line)).length > 0),
          []
        )
        assert.strictEqual((yield* send("GET", "/ops/api/queues", bearer(operators.viewer))).status, 200)
      }),
    60_000
  )
})
