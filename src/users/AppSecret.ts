/**
 * The installation's secret: what every MAC and derived id hangs on. Keys are derived from it, one a purpose
 * (HKDF-SHA256), never shared.
 *
 * To rotate it, start with the new one as `current` and the old one as `previous`: tokens of both are then accepted and
 * new ones carry the new. Start without `previous` once the longest-lived token is over (30 days); to drop it earlier
 * ends every session made under it. What was handed in under a key is found again by it under either secret.
 * Nodes that run side by side have to know each other's: give the new one to all of them as `previous` first, then swap.
 */
import { Context, Effect, Layer, Redacted } from "effect"
import * as Kdf from "effect/crypto/Kdf"

export class AppSecret extends Context.Service<
  AppSecret,
  { readonly current: Redacted.Redacted<string>; readonly previous?: Redacted.Redacted<string> | undefined }
>()("holdfast/users/AppSecret") {
  /** A fixed secret, for tests and for the shop in memory. */
  static readonly layerMemory = Layer.succeed(AppSecret, {
    current: Redacted.make("a secret for tests only, long enough to pass for one")
  })
}

/** 32 bytes for one purpose: nothing about the secret, nor about another purpose's key, can be told from them. */
export const deriveKey = Effect.fnUntraced(function* (secret: Redacted.Redacted<string>, purpose: string) {
  const kdf = yield* Kdf.Kdf
  const encoder = new TextEncoder()
  // Fails only for arguments that are wrong in this line: a defect.
  return yield* Effect.orDie(
    kdf.derive(Kdf.hkdfSha256, encoder.encode(Redacted.value(secret)), {
      salt: new Uint8Array(0),
      info: encoder.encode(`holdfast/${purpose}`),
      length: 32
    })
  )
})
