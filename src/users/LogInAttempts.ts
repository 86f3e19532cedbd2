/**
 * Who may try to log in, and who must wait first (`logInDelay.ts`), for addresses that nobody has an account under alike.
 *
 * Attempts on an account count together, but for those from a device or an address that logged in to it before: each of
 * these counts by itself. So whoever guesses makes strangers wait, himself included, and its owner goes on logging in
 * from where he always does. A device is known by a token that it got at a log in and shows at the next; it is good for
 * that account alone. All keys are HMACs under the app's secret: a dump of the tables tells of nobody.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { Context, Effect, Exit, Layer, Metric, Redacted } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64Url from "effect/encoding/Base64Url"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { AppSecret, deriveKey } from "./AppSecret.ts"
import { type InvalidCredentials, TooManyLogInAttempts } from "./errors.ts"
import { LogInAttemptRepo } from "./LogInAttemptRepo.ts"
import { begin, over, right, wrong } from "./logInDelay.ts"

/** Where a log in comes from, as far as it says so. */
export interface LogInFrom {
  readonly address?: string | undefined
  readonly device?: Redacted.Redacted<string> | undefined
}

type Down = DatabaseUnavailable | QueryTimeout

const delays = Metric.counter("holdfast_log_in_delays_total", {
  description: "Delays that failed log ins started, over all accounts",
  incremental: true
})

export class LogInAttempts extends Context.Service<
  LogInAttempts,
  {
    /** Lets `logIn` be tried under an account's normalized address, and counts what becomes of it. */
    readonly counted: <A, E>(
      email: string,
      from: LogInFrom,
      logIn: Effect.Effect<A, E | InvalidCredentials>
    ) => Effect.Effect<A, E | InvalidCredentials | TooManyLogInAttempts | Down>
    /** Whether the device has logged in to this account before. Asks nobody. */
    readonly knows: (email: string, device: LogInFrom["device"]) => boolean
    /** What a device shows at its next log in: the token that it has, or a new one. */
    readonly deviceFor: (email: string, device: LogInFrom["device"]) => Effect.Effect<Redacted.Redacted<string>>
  }
>()("holdfast/users/LogInAttempts") {
  static readonly layerNoRepo = Layer.effect(
    LogInAttempts,
    Effect.gen(function* () {
      const repo = yield* LogInAttemptRepo
      const secret = yield* AppSecret
      const random = yield* SecureRandom.SecureRandom
      const key = yield* deriveKey(secret.current, "log-in-attempts")
      const deviceKey = yield* deriveKey(secret.current, "log-in-device")
      const before = secret.previous === undefined ? [] : [yield* deriveKey(secret.previous, "log-in-device")]

      const subjectOf = (...parts: ReadonlyArray<string>) =>
        createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url")
      const sign = (by: Uint8Array, email: string, nonce: string) =>
        `dev_${nonce}.${createHmac("sha256", by)
          .update(JSON.stringify([email, nonce]))
          .digest("base64url")}`
      /** What a genuine token of this account is called by. */
      const deviceOf = (email: string, given: LogInFrom["device"]) => {
        const token = given === undefined ? "" : Redacted.value(given)
        const nonce = /^dev_([\w-]{22})\.[\w-]{43}$/.exec(token)?.[1]
        if (nonce === undefined) return undefined
        const genuine = [deviceKey, ...before].some((by) =>
          timingSafeEqual(Buffer.from(sign(by, email, nonce)), Buffer.from(token))
        )
        return genuine ? nonce : undefined
      }

      const subjectFor = Effect.fnUntraced(function* (email: string, { address, device }: LogInFrom) {
        const account = subjectOf("account", email)
        const place = address === undefined ? undefined : subjectOf("place", email, address)
        const known = deviceOf(email, device)
        // Asked for a known device as well: who it is shows in no one's time.
        const seen = place !== undefined && (yield* repo.hasPlace(account, place))
        const subject = known === undefined ? (seen ? place : account) : subjectOf("device", email, known)
        return { account, place, subject }
      })

      const counted = <A, E>(email: string, from: LogInFrom, logIn: Effect.Effect<A, E | InvalidCredentials>) =>
        Effect.gen(function* () {
          const { account, place, subject } = yield* subjectFor(email, from)
          const { at, refusedForMillis } = yield* repo.change(subject, (state, now) => {
            const begun = begin(state, now)
            return [{ at: now, refusedForMillis: begun.refusedForMillis }, begun.state]
          })
          if (refusedForMillis > 0) {
            return yield* new TooManyLogInAttempts({ retryAfterSeconds: refusedForMillis / 1000 })
          }
          const failed = Effect.gen(function* () {
            const delayed = yield* repo.change(subject, (state, now) => {
              const next = wrong(state, at, now)
              return [next.delays > state.delays, next]
            })
            if (!delayed) return
            yield* Metric.update(delays, 1)
            yield* Effect.logWarning("log ins to an account are delayed", { subject: subject.slice(0, 12) })
          })
          const answer = yield* logIn.pipe(
            // Whoever hangs up before he is told is counted all the same.
            Effect.tapError((error) => (isWrong(error) ? Effect.uninterruptible(failed) : Effect.void)),
            Effect.onExit((exit) => (cameToNothing(exit) ? withdrawn(repo, subject, at) : Effect.void))
          )
          yield* repo.change(subject, (state, now) => [undefined, right(state, at, now)])
          if (place !== undefined) yield* repo.rememberPlace(account, place)
          return answer
        })

      return LogInAttempts.of({
        counted,
        knows: (email, device) => deviceOf(email, device) !== undefined,
        deviceFor: (email, device) =>
          Effect.map(random.randomBytes(16), (bytes) =>
            Redacted.make(sign(deviceKey, email, deviceOf(email, device) ?? Base64Url.encode(bytes)))
          )
      })
    })
  )
  static readonly layer = LogInAttempts.layerNoRepo.pipe(Layer.provide(LogInAttemptRepo.layer))
  static readonly layerMemory = LogInAttempts.layerNoRepo.pipe(Layer.provide(LogInAttemptRepo.layerMemory))
}

const isWrong = (error: unknown): error is InvalidCredentials =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "InvalidCredentials"

/** Nobody learned whether the password was right: it was not looked at, or who asked has left. */
const cameToNothing = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit) && !exit.cause.reasons.some((reason) => reason._tag === "Fail" && isWrong(reason.error))

/** If it cannot be written, it counts as wrong half a minute after it began. */
const withdrawn = (repo: LogInAttemptRepo["Service"], subject: string, at: number) =>
  repo
    .change(subject, (state) => [undefined, over(state, at)])
    .pipe(
      Effect.catch((error) =>
        Effect.logDebug("a log in under way was not taken back", { module: "users", code: error._tag })
      )
    )
