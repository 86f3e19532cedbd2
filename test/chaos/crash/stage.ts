/** Where one ordeal takes place: a database, a provider that lives through all of it, and a shop that does not. */
import { Effect, Redacted } from "effect"
import { isElsewhere } from "../../../src/orders/crashPoints.ts"
import { type Environment, startShop } from "../../main/process.ts"
import { faultProxy, over } from "../FaultProxy.ts"
import { temporaryFolder } from "../postgres.ts"
import { startProvider } from "../provider.ts"
import type { Blow } from "./blows.ts"
import { secret } from "./ground.ts"

/** Every ninth COMMIT: in all of the places where there is one, sooner or later. */
const everyNth = 9
/** A provider's answer is lost for so many requests of a life: the second time it is a repeated one. */
const lostAnswers = 2

export const makeStage = Effect.fnUntraced(function* (database: Redacted.Redacted, blow: Blow) {
  const folder = yield* temporaryFolder
  const provider = yield* startProvider(`${folder}/sandbox`)
  const { hostname, port } = new URL(Redacted.value(database))
  const wire = yield* faultProxy({ host: hostname, port: Number(port) })

  /** The points of goods that are kept elsewhere need a shop whose goods are. */
  const goods = blow._tag === "Crash" && isElsewhere(blow.point) ? provider.goodsElsewhere : {}
  const env = { DATABASE_POOL_SIZE: "5", DATA_DIR: folder, APP_SECRET: secret, ...provider.env, ...goods }
  const start = Effect.fnUntraced(function* (more: Environment) {
    const shop = yield* startShop({ env: { ...env, ...more } })
    const { url } = yield* shop.ready
    yield* provider.sendWebhooksTo(url)
    return { ...shop, url }
  })
  let deaths = 0
  return {
    provider,
    /** A life in which the blow falls, if its point is reached so often. */
    start: (reach: number) =>
      Effect.gen(function* () {
        if (blow._tag === "Provider") {
          yield* provider.fault({ mode: blow.mode, path: blow.path, times: lostAnswers, ms: 60_000 })
        }
        yield* wire.set({ _tag: "None" })
        const shop = yield* start({
          DATABASE_URL: over(wire, Redacted.value(database)),
          ...(blow._tag === "Crash" ? { CRASH_AT: `${blow.point}:${reach}` } : {})
        })
        // A start over a broken wire would be another story: it ends, and is tried again by whoever started it.
        if (blow._tag === "CommitUnheard") yield* wire.set({ _tag: "Unheard", says: /\bcommit\b/i, every: everyNth })
        return shop
      }),
    /** A life that nobody disturbs any more. */
    startInPeace: Effect.andThen(provider.healthy, start({ DATABASE_URL: Redacted.value(database) })),
    /** A shop killed itself, as it was told to. */
    died: Effect.sync(() => void (deaths += 1)),
    /** How often the blow has fallen. */
    blows: blow._tag === "Crash" ? Effect.sync(() => deaths) : blow._tag === "Provider" ? provider.struck : wire.unheard
  }
})

export type Stage = Effect.Success<ReturnType<typeof makeStage>>
