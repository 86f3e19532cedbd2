/** A shop on a folder of its own, from its first start to its second: what it makes, what it keeps, who may share it. */
import * as path from "node:path"
import { expect, layer } from "@effect/vitest"
import { Console, Context, Effect, Layer, Schedule } from "effect"
import { serverPid, temporaryFolder } from "../database/privateCluster.ts"
import { type Problem, customer, ledger, placeOrder, request, untilAllCaptured } from "./client.ts"
import { type Environment, otherProvider, type Shop, startShop } from "./process.ts"
import { familyOf, stillThere, waitedForProcessorMillis } from "./processTree.ts"

/** One folder for all tests: each finds it as the one before left it, which is what this file is about. */
class Folder extends Context.Service<Folder, string>()("holdfast/test/main/Folder") {
  static readonly layer = Layer.effect(Folder, temporaryFolder)
}

/** One of its lives, for several tests. */
class Running extends Context.Service<
  Running,
  { readonly shop: Shop; readonly url: string; readonly opsUrl: string }
>()("holdfast/test/main/Running") {
  static readonly layer = Layer.effect(
    Running,
    Effect.gen(function* () {
      const settings = { CORS_ORIGINS: "https://shop.example.com", TRUSTED_PROXIES: "127.0.0.1" }
      const shop = yield* startShop({ env: { DATA_DIR: yield* Folder, ...settings } })
      return { shop, ...(yield* shop.ready) }
    })
  )
}

const probes = ["/livez", "/readyz", "/ready", "/startupz", "/health"]

/**
 * Milliseconds to readiness, without those in which other programs had the processors. Nothing is compiled before, as
 * for whoever starts it by hand.
 */
const timedStart = Effect.fnUntraced(function* (env: Environment) {
  const shop = yield* startShop({ env: { ...env, NODE_COMPILE_CACHE: "" } })
  const { millis } = yield* shop.ready
  const waitedMillis = waitedForProcessorMillis(yield* shop.family)
  yield* Console.log(`ready after ${Math.round(millis)} ms, ${Math.round(waitedMillis)} of them without a processor`)
  return { shop, millis: millis - waitedMillis }
})

/** What it says of itself; how fast the machine's disk is at the moment is not of interest. */
const told = ({ lines }: Shop) =>
  Effect.map(lines, (all) => all.map(({ message }) => message).filter((message) => message !== "slow database call"))

layer(Folder.layer, { excludeTestServices: true })("a shop on a folder of its own", (it) => {
  it.effect(
    "finds in its second life the order of its first, and is up within five seconds",
    () =>
      Effect.gen(function* () {
        const env = { DATA_DIR: yield* Folder }
        const first = yield* startShop({ env })
        const { url } = yield* first.ready
        expect(yield* told(first)).toEqual([
          expect.stringMatching(/^creating the database in .*pg \(once\)$/),
          expect.stringMatching(/^migrating the database: /),
          "putting goods on the shelves",
          "ready"
        ])
        const who = yield* customer(url)
        const placed = yield* placeOrder(url, who, { key: "first-life", wait: 12 })
        expect(placed).toMatchObject({ status: 201, body: { status: expect.stringMatching(/confirmed|captured/) } })
        yield* first.signal("SIGTERM")
        expect(yield* first.ended).toMatchObject({ code: 0 })

        const { millis, shop } = yield* timedStart(env)
        expect(millis).toBeLessThan(5_000)
        expect(yield* told(shop)).toEqual(["ready"])
        const again = yield* shop.ready
        const orders = yield* untilAllCaptured(again.url, who)
        expect(orders.map((order) => order.id)).toEqual([placed?.body.id])
        expect(yield* ledger(again.sandboxUrl, placed?.body.id ?? "")).toEqual(["authorized", "captured"])
      }),
    90_000
  )

  it.layer(Running.layer)((it) => {
    it.effect(
      "is alone with its folder and its port",
      () =>
        Effect.gen(function* () {
          const DATA_DIR = yield* Folder
          const { url } = yield* Running
          const PORT = new URL(url).port
          const [sameFolder, samePort] = yield* Effect.all(
            [
              startShop({ env: { DATA_DIR } }),
              startShop({ env: { DATA_DIR: yield* temporaryFolder, PORT, ...otherProvider } })
            ],
            { concurrency: 2 }
          )
          const [noFolder, noPort] = yield* Effect.all([sameFolder.ended, samePort.ended])
          expect(noFolder.code).toBe(69)
          expect(noFolder.lines).toHaveLength(1)
          expect(noFolder.lines[0]).toMatchObject({
            code: "EmbeddedPostgresFailed",
            reason: expect.stringContaining(`in use by process ${serverPid(path.join(DATA_DIR, "pg"))}`)
          })
          expect(noPort.code).toBe(69)
          expect(noPort.lines.filter((line) => line.level === "FATAL")).toEqual([
            expect.objectContaining({
              code: "AddressUnavailable",
              reason: `PORT ${PORT} on 127.0.0.1 is in use by another program: stop that one, or set PORT to another.`
            })
          ])
          expect(yield* request(`${url}/readyz`)).toMatchObject({ status: 200 })
        }),
      60_000
    )

    it.effect(
      "serves nothing of one port on the other",
      () =>
        Effect.gen(function* () {
          const { opsUrl, url } = yield* Running
          const unknown = { status: 404, body: { code: "not_found" } }
          for (const path of ["/ops", "/ops/login", "/ops/api/queues", "/metrics"])
            expect(yield* request(`${url}${path}`)).toMatchObject(unknown)
          for (const path of ["/v1/products", "/v1/status", "/readyz"])
            expect(yield* request(`${opsUrl}${path}`)).toMatchObject(unknown)
        }),
      60_000
    )

    it.effect(
      "tells browsers what its settings say: on both ports that it speaks TLS, and on its own who may call it",
      () =>
        Effect.gen(function* () {
          const { opsUrl, url } = yield* Running
          const headers = { origin: "https://shop.example.com", "x-forwarded-proto": "https" }
          const said = (base: string) =>
            Effect.map(request(`${base}/nothing`, { headers }), (answer) => [
              answer?.headers.get("strict-transport-security"),
              answer?.headers.get("access-control-allow-origin")
            ])
          expect(yield* said(url)).toEqual(["max-age=31536000", "https://shop.example.com"])
          expect(yield* said(opsUrl)).toEqual(["max-age=31536000", null])
        }),
      60_000
    )

    it.effect(
      "stays alive without its database, says so, and leaves nothing behind",
      () =>
        Effect.gen(function* () {
          const DATA_DIR = yield* Folder
          const { shop, url } = yield* Running
          for (const probe of probes) expect(yield* request(`${url}${probe}`)).toMatchObject({ status: 200 })

          const family = familyOf(shop.pid)
          process.kill(serverPid(path.join(DATA_DIR, "pg")), "SIGKILL")
          const down = yield* Effect.repeat(request<Problem>(`${url}/health`), {
            until: (answer) => answer?.status !== 200,
            schedule: Schedule.spaced("50 millis")
          })
          expect(down).toMatchObject({
            status: 503,
            body: { code: expect.any(String), checks: { database: { status: "fail" } } }
          })
          expect(yield* request(`${url}/livez`)).toMatchObject({ status: 200 })
          yield* shop.signal("SIGTERM")
          expect(yield* shop.ended).toMatchObject({ code: 0 })
          expect(yield* stillThere(family, "2 seconds")).toEqual([])
        }),
      60_000
    )
  })
})
