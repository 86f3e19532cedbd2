import { Effect, Layer } from "effect"
import { StripeAccount, StripePayments } from "../../../src/dependencies/payments/StripePayments.ts"
import { Sandbox } from "../../../src/sandbox/Sandbox.ts"
import { SandboxControls, sandboxForTests } from "../../sandbox/sandboxForTests.ts"
import { paymentsContract, ProviderSide } from "./contract.ts"

const account = Layer.effect(StripeAccount, Sandbox)

const providerSide = Layer.effect(
  ProviderSide,
  Effect.map(SandboxControls, ({ ledger }) => ({
    moved: (orderId) =>
      Effect.map(ledger(orderId), (entries) => entries.map(({ amount, type }) => [type, amount] as const)),
    authenticate: ({ nextAction }, approved) =>
      Effect.promise(() =>
        fetch(nextAction?.url ?? "", {
          method: "POST",
          redirect: "manual",
          body: new URLSearchParams({ outcome: approved ? "approve" : "refuse" })
        })
      )
  }))
)

paymentsContract(
  "payments through the provider's API",
  Layer.mergeAll(providerSide, StripePayments.layer.pipe(Layer.provide(account))).pipe(
    Layer.provideMerge(sandboxForTests)
  )
)
