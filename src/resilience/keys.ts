/**
 * The key under which a write may be repeated.
 *
 * Only `persisted` makes one: it is where the caller states that the key was stored before the first send, so that a
 * crash between the send and its answer finds the same key again. A fresh random key per attempt stands out in review.
 */
import { Context } from "effect"

declare const KeyBrand: unique symbol

export type IdempotencyKey = string & { readonly [KeyBrand]: true }

/** States that `stored` is durable already. */
export const persisted = (stored: string): IdempotencyKey => stored as IdempotencyKey

/** A write reads its key from here, so a write that ignores its key cannot be called as a keyed one. */
export class WriteKey extends Context.Service<WriteKey, IdempotencyKey>()("holdfast/resilience/WriteKey") {}
