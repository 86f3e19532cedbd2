/**
 * The ids of deferred writes: derived, so that every node gives the same wish under the same key the same id, and shows
 * by themselves that one of our nodes gave them out. Nothing can be told from one but that.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { Effect, type Redacted } from "effect"
import { AppSecret, deriveKey } from "./AppSecret.ts"
import type { Fingerprints } from "./fingerprints.ts"

/** The id that a wish is given, and the one that it was given by the secret before, if there is one. */
export interface DeferredIdPair {
  readonly id: string
  readonly formerId: string | undefined
}

export interface DeferredIds {
  readonly of: (scope: string, key: string, fingerprints: Fingerprints) => DeferredIdPair
  /** Whether a node with this secret, or the one before it, gave it out. */
  readonly isOurs: (id: string) => boolean
}

const prefix = "dfr_"
/** 128 bits that nobody can guess, and 64 that show where they are from. */
const idBytes = 16
const markBytes = 8

const hmac = (key: Uint8Array, text: string, bytes: number) =>
  createHmac("sha256", key).update(text).digest().subarray(0, bytes).toString("hex")

const keysOf = Effect.fnUntraced(function* (secret: Redacted.Redacted<string>) {
  return { id: yield* deriveKey(secret, "deferred-id"), mark: yield* deriveKey(secret, "deferred-mark") }
})

export const deferredIds = Effect.gen(function* () {
  const { current: now, previous: before } = yield* AppSecret
  const current = yield* keysOf(now)
  const former = before === undefined ? undefined : yield* keysOf(before)
  const known = former === undefined ? [current] : [current, former]

  return {
    of: (scope, key, { fingerprint, formerFingerprint }) => {
      const by = (keys: typeof current, print: Uint8Array) => {
        const id = hmac(keys.id, JSON.stringify([scope, key, Buffer.from(print).toString("hex")]), idBytes)
        return `${prefix}${id}${hmac(keys.mark, id, markBytes)}`
      }
      const formerId =
        former === undefined || formerFingerprint === undefined ? undefined : by(former, formerFingerprint)
      return { id: by(current, fingerprint), formerId }
    },
    isOurs: (given) => {
      const id = given.slice(prefix.length, prefix.length + idBytes * 2)
      const mark = Buffer.from(given.slice(prefix.length + idBytes * 2))
      return known.some((keys) => {
        const expected = Buffer.from(hmac(keys.mark, id, markBytes))
        return mark.length === expected.length && timingSafeEqual(mark, expected)
      })
    }
  } satisfies DeferredIds
})
