/**
 * A shop whose database is taken away under readers: they go on reading what was known last, which says so; whoever is
 * logged in stays so; and soon after it is back everything is live, without a storm of questions.
 */
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Redacted, Schedule, Scope } from "effect"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { frozen, temporaryFolder } from "../database/privateCluster.ts"
import { asAdmin } from "../database/testDatabase.ts"
import { eventually } from "../eventually.ts"
import { customer, type Problem, request } from "./client.ts"
import { otherProvider, startShop } from "./process.ts"

/** A server at a fixed address that can be stopped and started again. */
const server = Effect.fnUntraced(function* (directory: string, port?: number) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const options = { directory, durable: false, onProgress: () => Effect.void, ...(port === undefined ? {} : { port }) }
  const started = yield* Scope.provide(EmbeddedPostgres.start(options), scope)
  return { ...started, stop: Scope.close(scope, Exit.void) }
})

interface Shown {
  readonly degraded?: ReadonlyArray<{ readonly feature: string; readonly mode: string }>
  readonly data?: ReadonlyArray<{ readonly id: string }>
}
type Look = { readonly status: number; readonly stale: boolean; readonly millis: number }

const refusedOf = (looks: ReadonlyArray<Look>) => looks.filter(({ status }) => status !== 200)

/** Transactions that the server has committed, by its own count. */
const committed = (url: Redacted.Redacted) =>
  Effect.map(
    asAdmin(Redacted.value(url), "select sum(xact_commit)::float8 as n from pg_stat_database"),
    (rows) => (rows as ReadonlyArray<{ readonly n: number }>)[0]?.n ?? 0
  )
const committedPerSecond = (url: Redacted.Redacted) =>
  Effect.gen(function* () {
    const began = performance.now()
    const before = yield* committed(url)
    yield* Effect.sleep("2 seconds")
    const after = yield* committed(url)
    return (1000 * (after - before)) / (performance.now() - began)
  })

it.live(
  "readers hardly notice that the database goes and comes back",
  () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryFolder
      const directory = path.join(DATA_DIR, "elsewhere")
      const database = yield* server(directory)
      const shop = yield* startShop({ env: { DATA_DIR, DATABASE_URL: Redacted.value(database.url), ...otherProvider } })
      const { url } = yield* shop.ready
      const who = yield* customer(url)
      const headers = { authorization: who.authorization }
      const me = request<Shown>(`${url}/v1/users/me`, { headers })

      assert.notProperty((yield* me)?.body, "degraded")
      yield* eventually(
        request<{ checks: Record<string, { status: string }> }>(`${url}/health`),
        (answer) => answer?.body.checks["cache"]?.status === "ok"
      )

      const [product] = (yield* request<Shown>(`${url}/v1/products?limit=1`))?.body.data ?? []
      const paths = ["/v1/products", `/v1/products/${product?.id}`, `/v1/products/${product?.id}/stock`]
      let looks: Array<Look> = []
      const look = Effect.fnUntraced(function* (index: number) {
        const began = performance.now()
        const answer = yield* request<Shown>(`${url}${paths[index % paths.length]}`)
        const stale = answer?.body.degraded !== undefined
        assert.strictEqual(answer?.headers.has("age"), stale)
        looks.push({ status: answer?.status ?? 0, stale, millis: performance.now() - began })
      })
      let index = 0
      const reading = yield* Effect.forkChild(
        Effect.repeat(
          Effect.suspend(() => look(index++)),
          Schedule.spaced("25 millis")
        )
      )
      const normally = yield* committedPerSecond(database.url)
      assert.isAbove(looks.length, 0)
      assert.deepStrictEqual(refusedOf(looks), [])

      // Away.
      looks = []
      yield* database.stop
      const shown = yield* eventually(me, (answer) => answer?.body.degraded !== undefined)
      assert.strictEqual(shown?.status, 200)
      assert.match(shown?.headers.get("cache-status") ?? "", /^holdfast; hit; ttl=-\d+; detail=[a-z_]+$/)
      for (const [method, where] of [
        ["GET", "/v1/orders"],
        ["DELETE", "/v1/sessions/current"],
        ["DELETE", "/v1/sessions"]
      ] as const) {
        const refused = yield* request<Problem>(`${url}${where}`, { method, headers })
        assert.deepInclude(refused?.body, { status: 503, code: "database_unavailable" }, where)
        assert.isAtLeast(Number(refused?.headers.get("retry-after")), 1)
      }
      const credentials = { email: "ada@example.com", password: "a password of ada" }
      const logIn = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(credentials)
      }
      assert.deepInclude((yield* request<Problem>(`${url}/v1/sessions`, logIn))?.body, { status: 503 })
      assert.strictEqual((yield* request(`${url}/livez`))?.status, 200)
      const status = yield* request<Shown & { readonly status: string }>(`${url}/v1/status`)
      assert.strictEqual(status?.body.status, "degraded")
      assert.includeMembers(
        (status?.body.degraded ?? []).map(({ feature, mode }) => `${feature} ${mode}`),
        ["catalogue last_good", "checkout deferred", "log_in unavailable"]
      )
      assert.deepStrictEqual(refusedOf(looks), [])
      assert.isTrue(looks.at(-1)?.stale)

      // Back.
      const again = yield* server(directory, database.port)
      const began = performance.now()
      yield* eventually(me, (answer) => answer?.status === 200 && answer.body.degraded === undefined)
      yield* eventually(
        Effect.sync(() => looks.at(-1)?.stale),
        (stale) => stale === false
      )
      const seconds = (performance.now() - began) / 1000
      assert.isBelow(seconds, 15)
      const afterwards = yield* committedPerSecond(again.url)
      assert.isBelow(afterwards, 3 * normally)
      assert.deepStrictEqual(refusedOf(looks), [])

      // Frozen: every connection stays open, and nobody answers.
      looks = []
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* frozen(directory)
          yield* eventually(me, (answer) => answer?.body.degraded !== undefined)
          looks = looks.slice(-1)
          yield* eventually(
            Effect.sync(() => looks.length),
            (count) => count > 20
          )
          assert.isTrue(looks.every(({ stale, status }) => status === 200 && stale))
        })
      )
      yield* eventually(me, (answer) => answer?.status === 200 && answer.body.degraded === undefined)
      yield* eventually(
        Effect.sync(() => looks.at(-1)?.stale),
        (stale) => stale === false
      )
      assert.deepStrictEqual(refusedOf(looks), [])
      yield* Fiber.interrupt(reading)
    }),
  90_000
)
