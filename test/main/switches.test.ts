/** Two real nodes and an operator who flips switches: both obey within a second, and what waits goes on by itself. */
import { expect, layer } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { Database } from "../../src/database/Database.ts"
import { KillSwitchesPostgres } from "../../src/database/KillSwitchesPostgres.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { SandboxControls, sandboxForTests } from "../sandbox/sandboxForTests.ts"
import { eventually } from "../eventually.ts"
import { type Customer, customer, placeOrder, untilAllCaptured } from "./client.ts"
import { type Shop, startShop } from "./process.ts"
import { asProviders } from "../sandbox/asProviders.ts"

const drill = { actor: "ada", reason: "drill" }
/** What is promised, and what a request of this test takes on a busy machine. */
const withinMillis = 1_000 + 2_000

/** As a third node that serves nobody. */
const operator = (url: Redacted.Redacted) =>
  Layer.build(
    Layer.fresh(KillSwitchesPostgres.layer).pipe(
      Layer.provide(Database.layer({ url })),
      Layer.provide([SecureRandom.layerWebCrypto, Logger.layer([])])
    )
  ).pipe(Effect.map((services) => Context.get(services, KillSwitches)))

const patience = { within: "10 seconds" } as const

/** How long until the node says that it obeys. */
const untilPaymentsAreOff = Effect.fnUntraced(function* (node: Shop) {
  const asked = performance.now()
  yield* eventually(
    node.lines,
    (lines) => lines.some((line) => line["event"] === "OnSwitchedOff" && line["dependency"] === "payments"),
    patience
  )
  return performance.now() - asked
})

/** How long until the node takes no new order; each try is a new one. */
const untilRefused = Effect.fnUntraced(function* (url: string, who: Customer) {
  const asked = performance.now()
  let tries = 0
  const answer = yield* eventually(
    Effect.suspend(() => placeOrder(url, who, { key: `one-of-many-${url}-${tries++}`, wait: 0 })),
    (answer) => answer?.status === 503,
    patience
  )
  return { answer, millis: performance.now() - asked }
})

layer(sandboxForTests, { excludeTestServices: true })("two nodes and an operator", (it) => {
  it.effect(
    "keep the orders of a provider that is off, finish them when its time is over, and take no new ones meanwhile",
    () =>
      Effect.gen(function* () {
        const provider = yield* Sandbox
        const database = yield* TestDatabaseUrl.make("migrated")
        const env = {
          DATABASE_URL: Redacted.value(database),
          APP_SECRET: "shared by both nodes, and longer than 32 bytes",
          ...asProviders(provider.baseUrl)
        }
        const nodes = yield* Effect.forEach([1, 2], () =>
          Effect.flatMap(temporaryFolder, (DATA_DIR) => startShop({ env: { ...env, DATA_DIR } }))
        )
        const both = <A, E, R>(each: (node: Shop) => Effect.Effect<A, E, R>) =>
          Effect.forEach(nodes, each, { concurrency: 2 })
        const urls = (yield* both((node) => node.ready)).map(({ url }) => url)
        const [url = ""] = urls
        const who = yield* customer(url)
        const switches = yield* operator(database)

        yield* switches.set("payments", "off", { ...drill, expiresIn: "8 seconds" })
        const took = yield* both(untilPaymentsAreOff)
        expect(Math.max(...took)).toBeLessThan(withinMillis)
        const kept = yield* placeOrder(url, who, { key: "kept-while-payments-are-off", wait: 0 })
        expect(kept?.status).toBe(202)
        expect(yield* (yield* SandboxControls).ledger(kept?.body.id ?? "")).toEqual([])

        yield* switches.set("checkout", "off", drill)
        const refused = yield* Effect.forEach(urls, (each) => untilRefused(each, who), { concurrency: 2 })
        for (const { answer, millis } of refused) {
          expect(answer?.body.code).toBe("feature_disabled")
          expect(Number(answer?.headers.get("retry-after"))).toBeGreaterThanOrEqual(30)
          expect(millis).toBeLessThan(withinMillis)
        }

        // Payments come back by themselves, and the checkout stays off.
        const orders = yield* untilAllCaptured(url, who)
        expect(orders.map(({ id }) => id)).toContain(kept?.body.id)
        expect((yield* placeOrder(url, who, { key: "still-not-taken", wait: 0 }))?.body.code).toBe("feature_disabled")
      }).pipe(Effect.provide(Logger.layer([]))),
    60_000
  )
})
