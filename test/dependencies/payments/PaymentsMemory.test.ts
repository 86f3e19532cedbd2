/** The memory layer keeps the contract. */
import { Effect, Layer } from "effect"
import { PaymentsMemory } from "../../../src/dependencies/payments/PaymentsMemory.ts"
import { paymentsContract, ProviderSide } from "./contract.ts"

const providerSide = Layer.effect(
  ProviderSide,
  Effect.map(PaymentsMemory, ({ authenticate, ledger }) => ({
    moved: (orderId) =>
      Effect.map(ledger, (entries) =>
        entries
          .filter((entry) => entry.orderId === orderId)
          .map(({ amount, type }) => [type, amount.amountCents] as const)
      ),
    authenticate: (payment, approved) => authenticate(payment.id, approved)
  }))
)

paymentsContract("payments in memory", Layer.provideMerge(providerSide, PaymentsMemory.layer))
