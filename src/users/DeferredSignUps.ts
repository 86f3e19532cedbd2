/**
 * Sign ups, also while the database is down: then they are kept in the spool, and the account is made when it is back.
 *
 * A key makes a sign up safe to repeat: the account's id is derived from it, so that the same key finds the account that
 * it made, also after the secret that ids are derived with was replaced. The password is no part of what a key stands
 * for. Without a key one is made here, before anything is tried,
 * so that a sign up of which nobody knows whether it was committed can be kept under it.
 */
import { createHmac } from "node:crypto"
import { Context, DateTime, Effect, Layer, Option, Redacted, Schema } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import { makeCustody } from "../jobs/spool/custody.ts"
import type { Apply, Kept } from "../jobs/spool/Deferred.ts"
import { DeferredDiscarded, DeferredExpired } from "../jobs/spool/errors.ts"
import type { FeatureDisabled } from "../resilience/index.ts"
import { AppSecret, deriveKey } from "./AppSecret.ts"
import { deferredIds } from "./deferredIds.ts"
import { normalizeEmail } from "./Email.ts"
import { EmailTaken, type HashingOverloaded, SignUpKeyReused } from "./errors.ts"
import { isOfRequest, makeFingerprints } from "./fingerprints.ts"
import { type User, UserId } from "./User.ts"
import { type NewUser, UserRepo } from "./UserRepo.ts"
import { type SignUp, Users } from "./Users.ts"

/** Signed up, now or by an earlier request with the same key. */
export interface SignedUp {
  readonly user: User
  readonly replayed: boolean
}

interface Person {
  readonly email: string
  readonly name: string
}

const idBytes = 16

const Payload = Schema.Struct({
  id: UserId,
  email: Schema.String,
  emailNormalized: Schema.String,
  name: Schema.String,
  password: Schema.String,
  createdAt: Schema.DateTimeUtcFromString
})
const encodePayload = Schema.encodeSync(Payload)
const decodePayload = Schema.decodeUnknownEffect(Payload)

/** What a kept sign up can end with besides an account. */
export const OfDeferredSignUp = Schema.Union([EmailTaken, SignUpKeyReused, DeferredExpired, DeferredDiscarded])
const encodeProblem = Schema.encodeSync(OfDeferredSignUp)

export class DeferredSignUps extends Context.Service<
  DeferredSignUps,
  {
    readonly signUp: (
      account: SignUp,
      key: string | undefined
    ) => Effect.Effect<
      SignedUp | Kept,
      EmailTaken | SignUpKeyReused | FeatureDisabled | HashingOverloaded | DatabaseUnavailable | QueryTimeout
    >
    readonly apply: Apply
  }
>()("holdfast/users/DeferredSignUps") {
  static readonly layerNoRepo = Layer.effect(
    DeferredSignUps,
    Effect.gen(function* () {
      const users = yield* Users
      const repo = yield* UserRepo
      const random = yield* SecureRandom.SecureRandom
      const { current, previous } = yield* AppSecret
      const idKey = yield* deriveKey(current, "user-id")
      const formerIdKey = previous === undefined ? undefined : yield* deriveKey(previous, "user-id")
      const fingerprints = yield* makeFingerprints("sign-up-fingerprint")
      const ids = yield* deferredIds
      const keepInSpool = yield* makeCustody

      const idBy = (secret: Uint8Array, key: string) =>
        UserId.make(`usr_${createHmac("sha256", secret).update(key).digest().subarray(0, idBytes).toString("hex")}`)
      /** Of the account that a key makes, or has made: by this secret, and by the one before. */
      const idsOf = (key: string) =>
        [idBy(idKey, key), ...(formerIdKey === undefined ? [] : [idBy(formerIdKey, key)])] as const
      const fingerprintsOf = ({ email, name }: Person) => fingerprints([normalizeEmail(email), name])

      /** In the spool, or the failure that made it necessary. */
      const keep = Effect.fnUntraced(function* (user: NewUser, key: string, because: DatabaseUnavailable) {
        const fingerprints = fingerprintsOf(user)
        const wish = {
          ...ids.of("", key, fingerprints),
          kind: "sign_up",
          account: "",
          key,
          fingerprint: Buffer.from(fingerprints.fingerprint).toString("hex"),
          payload: encodePayload({ ...user, password: Redacted.value(user.password) }),
          quotedTotal: undefined
        } as const
        return yield* keepInSpool(wish, because, () => new SignUpKeyReused())
      })

      /** The account that has one of these ids, if it is the one that is meant. */
      const made = Effect.fnUntraced(function* (ids: ReadonlyArray<UserId>, account: Person) {
        for (const id of new Set(ids)) {
          const found = yield* repo.find(id)
          if (Option.isNone(found)) continue
          const { fingerprint } = fingerprintsOf(found.value)
          return isOfRequest(fingerprint, fingerprintsOf(account)) ? found : yield* new SignUpKeyReused()
        }
        return Option.none()
      })
      /** None is known while the database is down: what is kept then is decided by its key when it is back. */
      const noneWhileDown = (error: DatabaseUnavailable) =>
        error.down ? Effect.succeed(Option.none<User>()) : Effect.fail(error)

      const signUp = Effect.fn("DeferredSignUps.signUp")(function* (account: SignUp, given: string | undefined) {
        const before =
          given === undefined
            ? Option.none()
            : yield* Effect.catchTag(made(idsOf(given), account), "DatabaseUnavailable", noneWhileDown)
        if (Option.isSome(before)) return { user: before.value, replayed: true }
        const user = yield* users.prepare(account, given === undefined ? undefined : idsOf(given)[0])
        const key = given ?? (yield* random.uuidV4())
        const added = Effect.map(users.add(user), (made) => ({ user: made, replayed: false }))
        return yield* Effect.catchTag(added, "DatabaseUnavailable", (error) =>
          error.down ? keep(user, key, error) : Effect.fail(error)
        )
      })

      const apply: Apply = Effect.fn("DeferredSignUps.apply")(function* (entry) {
        // What does not read any more was written by another version: a bug, for an operator to see.
        const user = yield* Effect.orDie(decodePayload(entry.payload))
        const inTime = Effect.flatMap(DateTime.now, (now) =>
          DateTime.isGreaterThan(now, entry.acceptUntil) ? Effect.fail(new DeferredExpired()) : Effect.void
        )
        const once = Effect.flatMap(made([user.id, ...idsOf(entry.key)], user), (found) =>
          Option.isSome(found)
            ? Effect.succeed(found.value)
            : Effect.andThen(inTime, users.add({ ...user, password: Redacted.make(user.password) }))
        )
        return yield* once.pipe(
          Effect.map(({ id }) => ({ _tag: "Applied", resource: `/v1/users/${id}` }) as const),
          Effect.catchTag(["EmailTaken", "SignUpKeyReused", "DeferredExpired"], (refusal) =>
            Effect.succeed({ _tag: "Failed", problem: { ...encodeProblem(refusal) } } as const)
          )
        )
      })

      return DeferredSignUps.of({ signUp, apply })
    })
  )
  static readonly layer = DeferredSignUps.layerNoRepo.pipe(Layer.provide(UserRepo.layer))
}
