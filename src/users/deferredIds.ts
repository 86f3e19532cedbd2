/**
 * The ids of deferred writes: derived, so that every node gives the same wish under the same key the same id, and shows
 * by themselves that one of our nodes gave them out. Nothing can be told from one but that.
 */
import { createHmac, timingSafeEqual } from "node:crypto"
import { Effect, type Redacted } from "effect"
import { AppSecret, deriveKey } from "./AppSecret.ts"

export interface DeferredIds {
  readonly of: (scope: string, key: string, fingerprint: string) => string
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
  const known = before === undefined ? [current] : [current, yield* keysOf(before)]

  return {
    of: (scope, key, fingerprint) => {
      const id = hmac(current.id, JSON.stringify([scope, key, fingerprint]), idBytes)
      return `${prefix}${id}${hmac(current.mark, id, markBytes)}`
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
