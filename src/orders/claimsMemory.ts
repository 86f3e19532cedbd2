/** What idempotency keys stand for, on a map: one account, route and key are one request. */
import { Effect, type Option } from "effect"
import { isOfRequest } from "../users/fingerprints.ts"
import { IdempotencyKeyReused } from "./errors.ts"
import type { Claim, Claimed, ClaimedKey } from "./OrderStore.ts"

export const makeClaimsMemory = () => {
  const claims = new Map<string, { readonly fingerprint: Uint8Array; readonly stands: Claimed }>()
  const nameOf = ({ account, key, route }: ClaimedKey) => JSON.stringify([account, route, key])

  return {
    /** What the key stands for already, unless it was for another request. */
    standing: (claim: Claim): Effect.Effect<Option.Option<Claimed>, IdempotencyKeyReused> => {
      const known = claims.get(nameOf(claim))
      if (known === undefined) return Effect.succeedNone
      return isOfRequest(known.fingerprint, claim)
        ? Effect.succeedSome(known.stands)
        : Effect.fail(new IdempotencyKeyReused())
    },
    /** The same, whatever was asked for with it. */
    standsFor: (key: ClaimedKey): Claimed | undefined => claims.get(nameOf(key))?.stands,
    stand: (claim: Claim, stands: Claimed): void => {
      claims.set(nameOf(claim), { fingerprint: claim.fingerprint, stands })
    }
  }
}
