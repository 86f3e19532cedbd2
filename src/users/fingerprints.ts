/**
 * Fingerprints of requests: keyed hashes, so that they tell nothing of what they were made from.
 *
 * What is stored under a key was made by the secret of its day. While the secret before is still configured, a request is
 * the same as an earlier one if either fingerprint is.
 */
import { createHmac, createSecretKey, type KeyObject } from "node:crypto"
import { Effect } from "effect"
import { AppSecret, deriveKey } from "./AppSecret.ts"

export interface Fingerprints {
  readonly fingerprint: Uint8Array
  /** By the secret before this one; there is none unless a secret is being replaced. */
  readonly formerFingerprint: Uint8Array | undefined
}

/** For one purpose: the same facts have another fingerprint for another one. */
export const makeFingerprints = Effect.fnUntraced(function* (purpose: string) {
  const { current, previous } = yield* AppSecret
  const key = createSecretKey(yield* deriveKey(current, purpose))
  const formerKey = previous === undefined ? undefined : createSecretKey(yield* deriveKey(previous, purpose))
  return (facts: ReadonlyArray<unknown>): Fingerprints => {
    const text = JSON.stringify(facts)
    const by = (secret: KeyObject) => createHmac("sha256", secret).update(text).digest()
    return { fingerprint: by(key), formerFingerprint: formerKey === undefined ? undefined : by(formerKey) }
  }
})

/** Whether what was stored is of this request. */
export const isOfRequest = (stored: Uint8Array, { fingerprint, formerFingerprint }: Fingerprints): boolean =>
  Buffer.compare(stored, fingerprint) === 0 ||
  (formerFingerprint !== undefined && Buffer.compare(stored, formerFingerprint) === 0)
