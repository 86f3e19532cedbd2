/** A node's operators' port over a database of its own: what its tests stand on. */
import { Layer, Redacted } from "effect"
import { OperatorTokens } from "../../../src/http/ops/OperatorTokens.ts"
import { OperatorSessions } from "../../../src/http/ops/OperatorSessions.ts"
import { opsApi } from "../../../src/http/ops/OpsServer.ts"
import { DeadLetters } from "../../../src/jobs/DeadLetters.ts"
import { Explain } from "../../../src/ops/explain/Explain.ts"
import { Invariants } from "../../../src/ops/Invariants.ts"
import { Dependencies } from "../../../src/resilience/index.ts"
import { PaymentsMemory } from "../../../src/dependencies/payments/PaymentsMemory.ts"
import { shopInPostgres } from "../../orders/shops.ts"
import { serving } from "../door.ts"

const operators = Layer.succeed(OperatorTokens, [
  { name: "ada", role: "operator", token: Redacted.make("token-of-ada") },
  { name: "vic", role: "viewer", token: Redacted.make("token-of-vic") }
])
const features = Layer.mergeAll(DeadLetters.layer, Invariants.layer, Explain.layer).pipe(
  Layer.provideMerge(shopInPostgres(PaymentsMemory.layer)),
  Layer.provideMerge(Dependencies.layer)
)
export const opsNode = serving(
  opsApi.pipe(
    Layer.provideMerge(features),
    Layer.provideMerge(Layer.provide(OperatorSessions.layer, operators)),
    Layer.provide(operators)
  )
)
