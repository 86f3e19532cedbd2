/** The real shop with a real Redis that is frozen, killed and back: nobody who asks notices, and the delay at log in holds. */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { redisServer, withoutRedis } from "../dependencies/redis/redisServer.ts"
import { TestDatabaseUrl } from "../database/testDatabase.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { eventually } from "../eventually.ts"
import { customer, request } from "./client.ts"
import { otherProvider, startShop } from "./process.ts"

interface Checks {
  readonly checks: Readonly<Record<string, { readonly status: string }>>
}
interface Shown {
  readonly degraded: ReadonlyArray<{ readonly feature: string; readonly mode: string }>
}

describe.skipIf(withoutRedis !== undefined)(
  `a shop whose Redis goes${withoutRedis === undefined ? "" : ` (skipped: ${withoutRedis})`}`,
  () => {
    it.live(
      "answers as ever, says that it counts by itself, and still delays log ins after ten failures",
      () =>
        Effect.gen(function* () {
          const redis = yield* redisServer
          const DATABASE_URL = Redacted.value(yield* TestDatabaseUrl.make("migrated"))
          const DATA_DIR = yield* temporaryFolder
          const env = {
            ...otherProvider,
            DATABASE_URL,
            DATA_DIR,
            REDIS_URL: Redacted.value(redis.url),
            RATE_LIMITS: "on"
          }
          const { url } = yield* (yield* startShop({ env })).ready
          const until = (status: string) =>
            eventually(request<Checks>(`${url}/health`), (answer) => answer?.body.checks["redis"]?.status === status)
          const logIn = (email: string) =>
            request<{ readonly code?: string }>(`${url}/v1/sessions`, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify({ email, password: "not the right one" })
            })
          const read = request(`${url}/v1/products?limit=1`)
          /** What reads answer while something is done. */
          const reading = (many: number) =>
            Effect.map(Effect.replicateEffect(Effect.delay(read, "15 millis"), many), (answers) =>
              answers.filter((answer) => answer?.status !== 200).map((answer) => answer?.status)
            )
          yield* customer(url)
          yield* until("ok")
          for (const [index, [harm, mend]] of (
            [
              [redis.freeze, redis.thaw],
              [redis.kill, redis.start]
            ] as const
          ).entries()) {
            const email = `nobody.${index}@example.com`
            yield* harm
            expect(yield* reading(20)).toEqual([])
            const codes: Array<string | undefined> = []
            for (let time = 0; time <= 10; time++) codes.push((yield* logIn(email))?.body.code)
            expect(codes).toEqual([...Array<string>(10).fill("invalid_credentials"), "too_many_login_attempts"])
            yield* until("warn")
            const shown = (yield* request<Shown>(`${url}/v1/status`))?.body.degraded
            expect(shown).toContainEqual(expect.objectContaining({ feature: "rate_limits", mode: "local" }))
            expect(yield* reading(20)).toEqual([])
            yield* mend
            yield* until("ok")
            expect(yield* reading(20)).toEqual([])
          }
        }).pipe(Effect.scoped),
      60_000
    )
  }
)
