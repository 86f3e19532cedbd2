/** What a shop for trying things out can be asked to suffer: a provider's fault, by an operator, and a defect, by anybody. */
import { readFile } from "node:fs/promises"
import { expect, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted } from "effect"
import { Database } from "../../src/database/Database.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { request } from "./client.ts"
import { otherProvider, startShop } from "./process.ts"

interface Faults {
  readonly data: ReadonlyArray<object>
}
interface Problem {
  readonly code: string
  readonly errors?: ReadonlyArray<{ readonly pointer: string }>
}

layer(Layer.empty, { excludeTestServices: true })("a shop for trying things out", (it) => {
  it.effect(
    "lets an operator play a provider's faults, keeps who did, and survives a defect on demand",
    () =>
      Effect.gen(function* () {
        const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
        const DATA_DIR = yield* temporaryFolder
        const shop = yield* startShop({ env: { DATABASE_URL, DATA_DIR } })
        const { opsUrl: ops, sandboxUrl, url } = yield* shop.ready
        const token = (yield* Effect.promise(() => readFile(`${DATA_DIR}/ops-token`, "utf8"))).trim()
        const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
        const post = <Body>(path: string, body: object) =>
          request<Body>(`${ops}/ops/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) })

        const reason = "a drill"
        const fault = { provider: "email", mode: "status", status: 429, retry_after_seconds: 7, times: 3 }
        const added = yield* post<Faults>("faults", { ...fault, reason })
        expect([added?.status, added?.body.data]).toEqual([201, [{ ...fault, struck: 0 }]])
        yield* post("faults", { provider: "payments", mode: "latency", ms: 50, reason })
        const sandbox = yield* request<Faults>(`${sandboxUrl}/_sandbox/faults`)
        expect(sandbox?.body.data).toHaveLength(2)
        const left = yield* post<Faults>("faults/clear", { provider: "email", reason })
        expect(left?.body.data).toMatchObject([{ provider: "payments", mode: "latency" }])
        const none = yield* post<Faults>("faults/clear", { reason })
        expect(none?.body.data).toEqual([])

        const actions = yield* Effect.flatMap(Database, (database) =>
          database.query(
            "test.actions",
            (sql) => sql<{ said: string }>`
              select concat_ws(' ', actor, action, target, reason) as said from operator_actions order by id`
          )
        ).pipe(Effect.provide(Database.layer({ url: Redacted.make(DATABASE_URL), poolSize: 1 })))
        expect(actions.map(({ said }) => said)).toEqual([
          "operator faults.add provider:email a drill",
          "operator faults.add provider:payments a drill",
          "operator faults.clear provider:email a drill",
          "operator faults.clear provider:* a drill"
        ])

        const wrong = yield* post<Problem>("faults", { provider: "nobody", mode: "bored", times: 0 })
        expect(wrong?.status).toBe(400)
        expect(wrong?.body.errors?.map(({ pointer }) => pointer).toSorted()).toEqual([
          "/mode",
          "/provider",
          "/reason",
          "/times"
        ])

        const document = yield* request<{ readonly paths: object }>(`${ops}/openapi.json`)
        expect(Object.keys(document?.body.paths ?? {})).toContain("/ops/api/queues")
        expect(JSON.stringify(document?.body)).not.toContain("faults")

        const panic = yield* request<Problem>(`${url}/panic`)
        expect([panic?.status, panic?.body.code]).toEqual([500, "internal_error"])
        expect(JSON.stringify(panic?.body)).not.toContain("asked for")
        expect((yield* request(`${url}/readyz`))?.status).toBe(200)
      }).pipe(Effect.provide(Logger.layer([]))),
    60_000
  )

  it.effect(
    "has no faults to play where every provider is somebody else",
    () =>
      Effect.gen(function* () {
        const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
        const OPS_TOKEN = "a token of an operator"
        const env = { DATABASE_URL, DATA_DIR: yield* temporaryFolder, OPS_TOKEN, ...otherProvider }
        const shop = yield* startShop({ env })
        const { opsUrl } = yield* shop.ready
        const headers = { authorization: `Bearer ${OPS_TOKEN}` }
        const faults = yield* request<Problem>(`${opsUrl}/ops/api/faults`, { headers })
        expect([faults?.status, faults?.body.code]).toEqual([404, "not_found"])
      }).pipe(Effect.provide(Logger.layer([]))),
    60_000
  )
})
