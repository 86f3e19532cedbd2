/**
 * The text form of an argon2id hash, as the PHC string format has it:
 * `$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<tag>`, both in base64 without padding. It carries its own
 * parameters, so that stronger ones can be introduced without touching old rows.
 */
import { Option, Result } from "effect"
import * as Kdf from "effect/crypto/Kdf"
import * as Base64 from "effect/encoding/Base64"

export interface Argon2idHash {
  readonly algorithm: Kdf.Argon2id
  readonly salt: Uint8Array
  readonly tag: Uint8Array
}

const pattern = /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,8})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

const unpadded = (bytes: Uint8Array) => Base64.encode(bytes).replaceAll("=", "")
const bytesOf = (base64: string) =>
  Result.getSuccess(Base64.decode(base64.padEnd(Math.ceil(base64.length / 4) * 4, "=")))

export const format = ({ algorithm, salt, tag }: Argon2idHash): string =>
  `$argon2id$v=19$m=${algorithm.memory},t=${algorithm.passes},p=${algorithm.parallelism}$${unpadded(salt)}$${unpadded(tag)}`

export const parse = (stored: string): Option.Option<Argon2idHash> => {
  const [, memory, passes, parallelism, salt, tag] = pattern.exec(stored) ?? []
  if (salt === undefined || tag === undefined) return Option.none()
  const algorithm = Kdf.argon2id({ memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) })
  return Option.all({ algorithm: Option.some(algorithm), salt: bytesOf(salt), tag: bytesOf(tag) })
}
