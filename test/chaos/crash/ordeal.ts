/**
 * One ordeal: a shop on a database of its own dies at one point again and again, is started again each time, and is
 * judged when all is quiet. Or its provider, or the wire to its database, does the same to it.
 *
 * Its lives follow each other at once: what one of them had in its hands is taken up when its leases have ended, by
 * whichever life is there then. The provider lives through all of it, and so do its books.
 */
import { Clock, Effect, Random, Redacted, Schedule } from "effect"
import { Database } from "../../../src/database/Database.ts"
import { isElsewhere } from "../../../src/orders/crashPoints.ts"
import { sandboxSecretKey, sandboxWebhookSecret } from "../../../src/sandbox/credentials.ts"
import { tellWebhookUrl } from "../../../src/sandbox/webhooks/tellWebhookUrl.ts"
import { type Customer, customer } from "../../main/client.ts"
import { startShop } from "../../main/process.ts"
import type { Log } from "../customerLog.ts"
import { faultProxy, over } from "../FaultProxy.ts"
import { isQuiet, judge, type Verdict } from "../judge.ts"
import { temporaryFolder } from "../postgres.ts"
import { startProvider } from "../provider.ts"
import type { Ground } from "./ground.ts"
import { type Kind, kinds, type Story, tell } from "./stories.ts"

export type Blow =
  | { readonly _tag: "Crash"; readonly point: string }
  /** The provider does what it was asked, and nobody hears of it. */
  | { readonly _tag: "Provider"; readonly mode: "reset_after" | "hang_after"; readonly path: string }
  /** The server commits, and the connection is gone before it can say so. */
  | { readonly _tag: "CommitUnheard" }

export interface Result extends Verdict {
  readonly name: string
  readonly blows: number
  /** From the start of the last life to the end of the last order; nobody disturbs it. */
  readonly recoverySeconds: number
}

export const nameOf = (blow: Blow): string =>
  blow._tag === "Crash" ? blow.point : blow._tag === "Provider" ? `${blow.mode} ${blow.path}` : "commit unheard"

/** A life in which the point is not reached by then will not reach it. */
const dooms = "25 seconds"
/** Leases of 15 seconds, then what waits for its turn alone, on a machine that does much else. */
const quietWithin = "150 seconds"
const storiesAtOnce = 4
const secret = "not a secret, but long enough for the shop"

/** Two of each: the second comes to the point while the first one is past it. */
const newStories = (life: number): ReadonlyArray<Story> =>
  [1, 2].flatMap((n) => kinds.map((kind: Kind): Story => ({ kind, key: `life-${life}-${kind}-${n}`, over: false })))

const makeOperator = (who: Customer) =>
  Effect.flatMap(Database, (database) =>
    database.query("chaos.operator", (sql) => sql`update users set role = 'operator' where id = ${who.userId}`)
  )

export const ordeal = (ground: Ground, blow: Blow, times: number) =>
  Effect.flatMap(ground.database, (url) =>
    Effect.provide(suffering(url, blow, times), Database.layer({ url, poolSize: 2 }))
  ).pipe(Effect.scoped)

/** Every ninth COMMIT: in all of the places where there is one, sooner or later. */
const unheardCommits = Effect.fnUntraced(function* (url: Redacted.Redacted) {
  const { hostname, port } = new URL(Redacted.value(url))
  const wire = yield* faultProxy({ host: hostname, port: Number(port) })
  yield* wire.set({ _tag: "Unheard", says: /\bcommit\b/i, every: 9 })
  return wire
})

const suffering = (url: Redacted.Redacted, blow: Blow, times: number) =>
  Effect.gen(function* () {
    const dataDir = yield* temporaryFolder
    const provider = yield* startProvider(`${dataDir}/sandbox`)
    const wire = blow._tag === "CommitUnheard" ? yield* unheardCommits(url) : undefined
    const env = (armed: boolean, reach: number) => ({
      DATABASE_URL: armed && wire !== undefined ? over(wire, Redacted.value(url)) : Redacted.value(url),
      DATABASE_POOL_SIZE: "5",
      DATA_DIR: dataDir,
      APP_SECRET: secret,
      STRIPE_API_BASE: provider.url,
      STRIPE_SECRET_KEY: sandboxSecretKey,
      STRIPE_WEBHOOK_SECRET: sandboxWebhookSecret,
      ...(blow._tag === "Crash" && isElsewhere(blow.point) ? { INVENTORY_URL: `${provider.url}/inventory` } : {}),
      ...(armed && blow._tag === "Crash" ? { CRASH_AT: `${blow.point}:${reach}` } : {})
    })
    const start = Effect.fnUntraced(function* (armed: boolean, reach = 1) {
      const shop = yield* startShop({ env: env(armed, reach) })
      const ready = yield* shop.ready
      yield* tellWebhookUrl(provider.url, `${ready.url}/v1/webhooks/payments`)
      return { ...shop, url: ready.url }
    })
    const log: Log = new Map()
    let stories: ReadonlyArray<Story> = []
    const all = (shopUrl: string, who: Customer) =>
      Effect.forEach(
        stories.filter((story) => !story.over),
        (story) => tell(log, shopUrl, who, story),
        { concurrency: storiesAtOnce, discard: true }
      )

    const who = yield* Effect.gen(function* () {
      const shop = yield* start(false)
      const who = yield* customer(shop.url)
      yield* makeOperator(who)
      yield* shop.signal("SIGKILL")
      yield* shop.ended
      return who
    }).pipe(Effect.scoped)

    let blows = 0
    const life = Effect.fnUntraced(function* (number: number) {
      const shop = yield* start(true, yield* Random.nextIntBetween(1, 2))
      if (blow._tag === "Provider") yield* provider.fault({ mode: blow.mode, path: blow.path, times: 2, ms: 60_000 })
      stories = [...stories, ...newStories(number)]
      const died = yield* Effect.raceFirst(
        Effect.as(shop.ended, true),
        Effect.andThen(Effect.timeoutOption(all(shop.url, who), dooms), Effect.succeed(false))
      )
      // A process that dies takes its connections with it first: the stories end a moment before it is known.
      const end = died
        ? yield* shop.ended
        : yield* Effect.timeoutOption(shop.ended, "500 millis").pipe(
            Effect.map((ended) => (ended._tag === "Some" ? ended.value : undefined))
          )
      if (blow._tag === "Crash" && end?.signal === "SIGKILL") blows += 1
      yield* shop.signal("SIGKILL")
      yield* shop.ended
      if (blow._tag === "Provider") blows = yield* provider.struck
      // Some customers never come back for the answer that they did not get. Who has more to say does.
      for (const story of stories.filter(({ kind, over }) => !over && kind !== "cancelled" && kind !== "refunded")) {
        story.over = (yield* Random.next) < 0.25
      }
    }, Effect.scoped)
    // A life may end without its blow: then another one follows, up to twice as many.
    for (let number = 1; number <= times * 2 && blows < times; number += 1) {
      yield* life(number)
      if (wire !== undefined) blows = yield* wire.unheard
    }

    yield* provider.healthy
    const began = yield* Clock.currentTimeMillis
    const shop = yield* start(false)
    yield* Effect.repeat(
      Effect.andThen(
        all(shop.url, who),
        Effect.suspend(() => isQuiet)
      ),
      {
        until: (quiet) => quiet && stories.every(({ over }) => over),
        schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: quietWithin }))
      }
    )
    const recoverySeconds = ((yield* Clock.currentTimeMillis) - began) / 1000
    const books = yield* provider.ledger
    const verdict = yield* judge(log, books ?? [])
    const unheard = books === undefined ? ["the provider's books could not be read"] : []
    const untold = stories.filter(({ over }) => !over).map(({ key }) => `${key}: no definite answer in the end`)
    return {
      name: nameOf(blow),
      blows,
      recoverySeconds,
      ...verdict,
      others: [...verdict.others, ...unheard, ...untold]
    } satisfies Result
  })
