/** Everyone who may use the operators' port, from the settings, and who it is that shows a token. */
import { createHash, timingSafeEqual } from "node:crypto"
import { Context, Redacted } from "effect"

export interface Operator {
  readonly name: string
  readonly role: "viewer" | "operator"
}

export class OperatorTokens extends Context.Service<
  OperatorTokens,
  ReadonlyArray<Operator & { readonly token: Redacted.Redacted }>
>()("holdfast/http/OperatorTokens") {}

export interface KnownOperator extends Operator {
  /** SHA-256 of the token. */
  readonly digest: Buffer
}

const sha256 = (token: Redacted.Redacted) => createHash("sha256").update(Redacted.value(token)).digest()

export const knownOperators = (tokens: OperatorTokens["Service"]): ReadonlyArray<KnownOperator> =>
  tokens.map(({ name, role, token }) => ({ name, role, digest: sha256(token) }))

/** All are compared, by their digests, in constant time: how long it takes tells nothing about whose it nearly was. */
export const whoShows = (known: ReadonlyArray<KnownOperator>, token: Redacted.Redacted): KnownOperator | undefined => {
  const given = sha256(token)
  let found: KnownOperator | undefined
  for (const each of known) if (timingSafeEqual(each.digest, given)) found = each
  return found
}
