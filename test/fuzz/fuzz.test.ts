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
import { signedIn } from "../main/operator.ts"
import { tracesIn } from "../canaries/canaries.ts"
import type { Document } from "./document.ts"
import { alsoWrongFor, besides, withoutReason } from "./operators.ts"
import { asText, walk } from "./walk.ts"

const seed = Number(process.env["HTTP_SEED"] ?? Date.now() % 1_000_000)
const requests = 700

/** Chance may leave a status out of one sample, and never out of so many. */
const samples = 5
/** Walks, each by another seed, until each of these was answered. */
const answers = Effect.fnUntraced(function* <E, R>(
  wanted: ReadonlyArray<number>,
  walked: (seed: number) => Effect.Effect<ReadonlyMap<number, number>, E, R>
) {
  const left = new Set(wanted)
  for (let sample = 0; sample < samples && left.size > 0; sample++) {
    for (const status of (yield* walked(seed + sample)).keys()) left.delete(status)
  }
  assert.deepStrictEqual([...left], [])
})

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
        yield* answers([200, 201, 400, 401, 404, 405], (seed) =>
          Effect.map(walk({ url, document, tokens, seed, requests, concurrency: 8 }), ({ breaches, statuses }) => {
            assert.deepStrictEqual(breaches.map(asText(url)), [])
            return statuses
          })
        )
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
const letters = Effect.fnUntraced(function* (of: string) {
  const jobs = yield* Jobs
  for (const letter of ["a", "b", "c", "d", "e"]) {
    yield* jobs.enqueue({ queue: "fuzzed", key: `${of}-${letter}`, payload: { order_id: letter } })
  }
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
  /** With a token, and in a browser that has signed in with it. */
  const walkAs = Effect.fnUntraced(function* (token: string, seed: number, requests: number) {
    const { port } = yield* Door
    const url = `http://127.0.0.1:${port}`
    yield* letters(`${token}-${seed}`)
    const cookie = yield* signedIn(url, token)
    const document = JSON.parse((yield* send("GET", "/openapi.json")).text) as Document
    const alsoWrong = alsoWrongFor(operators, cookie)
    const tokens = { lasting: [token], spare: token }
    const walked = yield* walk({ url, document, besides, cookie, alsoWrong, tokens, seed, requests, concurrency: 8 })
    assert.deepStrictEqual(walked.breaches.map(asText(url)), [])
    return walked.statuses
  })

  it.effect(
    `changes nothing for who only looks (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const before = yield* changes
        yield* answers([200, 400, 401, 403], (seed) => walkAs(operators.viewer, seed, 300))
        assert.deepStrictEqual(yield* changes, before)
      }),
    60_000
  )

  it.effect(
    `is answered as the contract says, and nothing entrusted to it is in the log (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        yield* answers([200, 202, 400, 401, 404, 405], (seed) => walkAs(operators.operator, seed, 400))
        assert.deepStrictEqual(
          (yield* Written).filter((line) => tracesIn(withoutReason(line)).length > 0),
          []
        )
        assert.strictEqual((yield* send("GET", "/ops/api/queues", bearer(operators.viewer))).status, 200)
      }),
    60_000
  )
})
