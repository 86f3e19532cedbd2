/** A database that goes away under a running shop, and comes back: the shop says so, stays, and goes on by itself. */
import * as path from "node:path"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { eventually } from "../eventually.ts"
import { customer, placeOrder, type Problem, request, untilCatalogueIsKnown } from "./client.ts"
import { otherProvider, startShop } from "./process.ts"

/** Ready without its database: it shows what it knows, and keeps orders for later. */
const probes = ["/readyz", "/ready", "/startupz"]

/** A server at a fixed address that can be shut down and started again. */
const server = Effect.fnUntraced(function* (directory: string, port?: number) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const options = { directory, durable: false, onProgress: () => Effect.void, ...(port === undefined ? {} : { port }) }
  const started = yield* Scope.provide(EmbeddedPostgres.start(options), scope)
  return { ...started, stop: Scope.close(scope, Exit.void) }
})

const untilStatus = (url: string, status: number) =>
  eventually(request<Problem>(url), (answer) => answer?.status === status)

it.live(
  "a shop whose database goes away says so, goes on with what it can, and is whole again when it is back",
  () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryFolder
      const directory = path.join(DATA_DIR, "elsewhere")
      const database = yield* server(directory)
      const shop = yield* startShop({ env: { DATA_DIR, DATABASE_URL: Redacted.value(database.url), ...otherProvider } })
      const { url } = yield* shop.ready
      const who = yield* customer(url)
      yield* untilCatalogueIsKnown(url)

      yield* database.stop
      const down = yield* untilStatus(`${url}/health`, 503)
      expect(down).toMatchObject({
        body: { status: 503, code: "database_unavailable", checks: { database: { status: "fail" } } }
      })
      expect(down?.headers.get("content-type")).toContain("application/problem+json")
      expect(Number(down?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1)
      for (const probe of probes) {
        const body = { status: "degraded", checks: { database: { status: "fail" }, spool: { status: "ok" } } }
        expect(yield* request(`${url}${probe}`)).toMatchObject({ status: 200, body })
      }
      expect(yield* request(`${url}/livez`)).toMatchObject({ status: 200 })
      expect(yield* placeOrder(url, who, { key: "while-it-is-away" })).toMatchObject({
        status: 202,
        body: { status: "waiting" }
      })
      expect(yield* request(`${url}/v1/orders`, { headers: { authorization: who.authorization } })).toMatchObject({
        status: 503,
        body: { code: "database_unavailable", retry: "same_key" }
      })

      yield* server(directory, database.port)
      expect(yield* untilStatus(`${url}/health`, 200)).toMatchObject({ status: 200 })
      expect(yield* placeOrder(url, who, { key: "while-it-is-away", wait: 0 })).toMatchObject({ status: 202 })
      expect((yield* shop.lines).map((line) => line.message)).toContain("the database is down")
    }),
  60_000
)
