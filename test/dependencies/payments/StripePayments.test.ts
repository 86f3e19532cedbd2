/** The adapter with the sandbox's real process behind it keeps the contract. */
import { Layer } from "effect"
import { StripeAccount, StripePayments } from "../../../src/dependencies/payments/StripePayments.ts"
import { Sandbox } from "../../../src/sandbox/Sandbox.ts"
import { sandboxForTests } from "../../sandbox/sandboxForTests.ts"
import { paymentsContract } from "./contract.ts"
import { sandboxSide } from "./sandboxSide.ts"

const account = Layer.effect(StripeAccount, Sandbox)

paymentsContract(
  "payments through the provider's API",
  Layer.mergeAll(sandboxSide, Layer.provide(StripePayments.layer, account)).pipe(Layer.provideMerge(sandboxForTests))
)
