/** Everyone who may use the operators' port, from the settings. */
import { Context, type Redacted } from "effect"

export interface Operator {
  readonly name: string
  readonly role: "viewer" | "operator"
}

export class OperatorTokens extends Context.Service<
  OperatorTokens,
  ReadonlyArray<Operator & { readonly token: Redacted.Redacted }>
>()("holdfast/http/OperatorTokens") {}
