/**
 * kill -9 of the shop and of the payment provider while orders are under way: every order that was acknowledged is
 * there and paid, once; every other one can be sent again under its key.
 *
 * The tests wait together for what a killed worker held to come free: its leases end after 15 seconds.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Console, Effect, Random, Redacted, Schedule } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import {
  type Customer,
  customer,
  fault,
  ledger,
  listOrders,
  placeOrder,
  readOrder,
  untilAllCaptured
} from "./client.ts"
import { type Environment, startShop } from "./process.ts"
import { killAll } from "./processTree.ts"

const home = Effect.gen(function* () {
  const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
  return { DATABASE_URL, DATA_DIR: yield* temporaryFolder }
})

/** Started again in the same place after a kill; the former life's port and provider are gone. */
const life = Effect.fnUntraced(function* (env: Environment) {
  const shop = yield* startShop({ env })
  return { ...shop, ...(yield* shop.ready) }
})

const once = ["authorized", "captured"]

const expectPaidOnce = Effect.fnUntraced(function* (
  shop: { readonly url: string; readonly sandboxUrl: string },
  who: Customer,
  ids: ReadonlyArray<string>
) {
  const orders = yield* untilAllCaptured(shop.url, who)
  const captured = ids.map((id) => ({ id, status: "captured" }))
  expect(orders.map(({ id, status }) => ({ id, status }))).toEqual(expect.arrayContaining(captured))
  const charges = yield* Effect.forEach(ids, (id) => Effect.map(ledger(shop.sandboxUrl, id), (done) => ({ id, done })))
  expect(charges).toEqual(ids.map((id) => ({ id, done: once })))
})

/** How often the provider has moved money, on its disk. */
const movements = (dataDir: string) =>
  fs.readFileSync(path.join(dataDir, "sandbox/ledger.jsonl"), "utf8").split("\n").length - 1

const often = Schedule.spaced("2 millis")
const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `burst-key-${index}`)

describe.concurrent("kill -9", () => {
  it.live(
    "of the shop right after it acknowledged an order, another one's payment being under way, loses nothing",
    () =>
      Effect.gen(function* () {
        const env = yield* home
        const first = yield* life(env)
        const who = yield* customer(first.url)
        yield* fault(first.sandboxUrl, { mode: "hang_after", path: "/confirm", times: 1, ms: 60_000 })
        const paying = yield* placeOrder(first.url, who, { key: "in-the-middle", wait: 0 })
        yield* Effect.repeat(ledger(first.sandboxUrl, paying?.body.id ?? ""), {
          until: (done) => done.includes("authorized"),
          schedule: often
        })
        const placed = yield* placeOrder(first.url, who, { key: "acknowledged", wait: 0 })
        yield* first.signal("SIGKILL")
        expect([paying?.status, placed?.status]).toEqual([202, 202])
        yield* first.ended
        const second = yield* life(env)
        yield* expectPaidOnce(second, who, [paying?.body.id ?? "", placed?.body.id ?? ""])
      }),
    90_000
  )

  it.live(
    "of the shop at any moment of a burst leaves every key with one order, paid once",
    () =>
      Effect.gen(function* () {
        const seed = yield* Random.nextIntBetween(0, 100_000)
        yield* Console.log(`the kills follow seed ${seed}`)
        const env = yield* home
        const keys = keysOf(60)
        const acknowledged = new Map<string, string>()
        const send = (url: string, who: Customer, key: string) =>
          Effect.map(placeOrder(url, who, { key, wait: 0 }), (answer) => {
            if (answer !== undefined && answer.status < 300) acknowledged.set(key, answer.body.id)
          })
        const burst = (url: string, who: Customer) =>
          Effect.forEach(
            keys.filter((key) => !acknowledged.has(key)),
            (key) => send(url, who, key),
            { concurrency: 4 }
          )
        const kills = Effect.gen(function* () {
          let shop = yield* life(env)
          const who = yield* customer(shop.url)
          for (let kill = 0; kill < 3; kill++) {
            const event = (yield* Random.nextBoolean) ? () => acknowledged.size : () => movements(env.DATA_DIR)
            const enough = event() + (yield* Random.nextIntBetween(2, 9))
            yield* Effect.raceFirst(
              Effect.andThen(burst(shop.url, who), Effect.never),
              Effect.repeat(Effect.void, { until: () => event() >= enough, schedule: often })
            )
            yield* shop.signal("SIGKILL")
            yield* shop.ended
            yield* Console.log(`killed with ${acknowledged.size} acknowledged, ${movements(env.DATA_DIR)} movements`)
            shop = yield* life(env)
          }
          return { shop, who }
        })
        const { shop, who } = yield* Random.withSeed(kills, seed)
        for (const id of acknowledged.values()) expect(yield* readOrder(shop.url, who, id)).toMatchObject({ id })
        yield* burst(shop.url, who)
        expect(acknowledged.size).toBe(keys.length)
        const orders = (yield* listOrders(shop.url, who)).map((order) => order.id)
        expect(orders.toSorted()).toEqual([...acknowledged.values()].toSorted())
        yield* expectPaidOnce(shop, who, orders)
      }),
    150_000
  )

  it.live(
    "of the provider while orders run charges each of them once",
    () =>
      Effect.gen(function* () {
        const shop = yield* life(yield* home)
        const who = yield* customer(shop.url)
        const sandbox = (yield* shop.family).filter((each) => each.command.includes("sandbox/main.ts"))
        let count = 0
        const answers = yield* Effect.forEach(
          keysOf(20),
          (key) =>
            Effect.tap(placeOrder(shop.url, who, { key, wait: 0 }), () =>
              ++count === 8 ? killAll(sandbox) : Effect.void
            ),
          { concurrency: 4 }
        )
        expect(answers.map((answer) => answer?.status)).toEqual(answers.map(() => 202))
        yield* expectPaidOnce(
          shop,
          who,
          answers.map((answer) => answer?.body.id ?? "")
        )
        expect((yield* shop.lines).map((line) => line.message)).toContain("the sandbox ended; it is started again")
      }),
    90_000
  )
})
