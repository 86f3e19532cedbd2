/**
 * Orders and sign ups that come while the database is away, on the real shop: kept on the disk, also when the shop is
 * killed, and done once when the database is back.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope } from "effect"
import { EmbeddedPostgres } from "../../src/database/EmbeddedPostgres.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { eventually } from "../eventually.ts"
import {
  type Customer,
  customer,
  ledger,
  listOrders,
  placeOrder,
  request,
  untilAllCaptured,
  untilCatalogueIsKnown
} from "./client.ts"
import { otherProvider, startShop } from "./process.ts"

interface Deferred {
  readonly id: string
  readonly status: string
  readonly resource?: string
  readonly quoted_total?: { readonly amount: number; readonly currency: string }
  readonly problem?: { readonly code: string }
}

/** A server at a fixed address that can be shut down and started again. */
const server = Effect.fnUntraced(function* (directory: string, port?: number) {
  const scope = yield* Scope.fork(yield* Scope.Scope)
  const options = { directory, durable: false, onProgress: () => Effect.void, ...(port === undefined ? {} : { port }) }
  const started = yield* Scope.provide(EmbeddedPostgres.start(options), scope)
  return { ...started, stop: Scope.close(scope, Exit.void) }
})

const patience = { within: "30 seconds" } as const
const untilHealth = (url: string, status: number) =>
  eventually(request(`${url}/health`), (answer) => answer?.status === status, patience)

const signUp = (url: string, name: string) =>
  request<Deferred>(`${url}/v1/users`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: `${name}@example.com`, password: `kanarienvogel of ${name}`, name })
  })

const look = (url: string, id: string, who?: Customer) =>
  request<Deferred>(
    `${url}/v1/deferred/${id}`,
    who === undefined ? {} : { headers: { authorization: who.authorization } }
  )
const untilDecided = (url: string, id: string, who?: Customer) =>
  eventually(look(url, id, who), (answer) => answer !== undefined && answer.body.status !== "waiting", patience)

it.live(
  "an order that comes while the database is away is kept over kill -9, and paid once when it is back",
  () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryFolder
      const database = yield* server(path.join(DATA_DIR, "elsewhere"))
      const env = { DATA_DIR, DATABASE_URL: Redacted.value(database.url) }
      const first = yield* startShop({ env })
      const { sandboxUrl, url } = yield* first.ready
      const who = yield* customer(url)
      const stranger = yield* customer(url)
      yield* untilCatalogueIsKnown(url)

      yield* database.stop
      yield* untilHealth(url, 503)
      const kept = yield* placeOrder(url, who, { key: "while-it-is-away" })
      const deferred = kept?.body as unknown as Deferred
      assert.deepInclude(deferred, { status: "waiting", quoted_total: { amount: 5_580, currency: "EUR" } })
      assert.strictEqual(kept?.status, 202)
      assert.strictEqual(kept?.headers.get("location"), `/v1/deferred/${deferred.id}`)
      assert.isNotNull(kept?.headers.get("retry-after"))
      const again = yield* placeOrder(url, who, { key: "while-it-is-away" })
      assert.deepStrictEqual([again?.status, again?.body.id], [202, deferred.id])
      assert.strictEqual(again?.headers.get("idempotent-replayed"), "true")
      const account = yield* signUp(url, "piepmatz")
      assert.strictEqual(account?.status, 202)
      const accountId = account?.body.id ?? ""

      assert.deepInclude(yield* look(url, deferred.id, who), { status: 200 })
      assert.strictEqual((yield* look(url, deferred.id, stranger))?.status, 404)
      assert.strictEqual((yield* look(url, deferred.id))?.status, 401)
      assert.strictEqual((yield* look(url, accountId))?.body.status, "waiting")
      for (const [name, mode] of fs.readdirSync(path.join(DATA_DIR, "spool")).map((name) => {
        return [name, fs.statSync(path.join(DATA_DIR, "spool", name)).mode & 0o777] as const
      })) {
        assert.strictEqual(mode, 0o600, name)
      }

      yield* first.signal("SIGKILL", "group")
      const said = (yield* first.ended).said
      for (const secret of ["kanarienvogel", "piepmatz", who.authorization]) assert.notInclude(said, secret)

      yield* server(path.join(DATA_DIR, "elsewhere"), database.port)
      // The next one dies between handing the first over and forgetting it.
      const second = yield* startShop({ env: { ...env, CRASH_AT: "spool.taken:1" } })
      yield* second.ended
      const third = yield* startShop({ env })
      const { sandboxUrl: sandboxAgain, url: urlAgain } = yield* third.ready
      assert.notStrictEqual(sandboxUrl, "")
      const decided = yield* untilDecided(urlAgain, deferred.id, who)
      assert.strictEqual(decided?.body.status, "applied", JSON.stringify(decided?.body))
      const repeated = yield* placeOrder(urlAgain, who, { key: "while-it-is-away" })
      assert.strictEqual(decided?.body.resource, `/v1/orders/${repeated?.body.id}`)
      const orders = yield* untilAllCaptured(urlAgain, who)
      assert.deepStrictEqual(
        orders.map(({ id, status }) => [id, status]),
        [[repeated?.body.id, "captured"]]
      )
      const charges = yield* ledger(sandboxAgain, repeated?.body.id ?? "")
      assert.strictEqual(charges.filter((type) => type === "captured").length, 1, charges.join())
      assert.strictEqual((yield* untilDecided(urlAgain, accountId))?.body.status, "applied")
      assert.strictEqual((yield* listOrders(urlAgain, stranger)).length, 0)
    }),
  120_000
)

it.live(
  "a spool that is damaged while the shop runs ends it with 70, and one line that says what to do",
  () =>
    Effect.gen(function* () {
      const DATA_DIR = yield* temporaryFolder
      const shop = yield* startShop({ env: { DATA_DIR, SHUTDOWN_GRACE: "3 seconds", ...otherProvider } })
      yield* shop.ready
      const folder = path.join(DATA_DIR, "spool")
      for (const name of fs.readdirSync(folder)) {
        const file = path.join(folder, name)
        fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size, 7), { flag: "r+" })
      }
      const { code, lines } = yield* shop.ended
      assert.strictEqual(code, 70)
      const fatal = lines.filter(({ level }) => level === "FATAL")
      assert.strictEqual(fatal.length, 1, JSON.stringify(fatal))
      assert.deepInclude(fatal[0], { code: "SpoolRefused", severity: "critical" })
      assert.match(String(fatal[0]?.["reason"]), /spool-1\.db .* Move it away/)
    }),
  60_000
)
