/** The sandbox as the other side of the contract: its ledger, and its page where the customer decides. */
import { Effect, Layer } from "effect"
import { SandboxControls } from "../../sandbox/sandboxForTests.ts"
import { ProviderSide } from "./contract.ts"

export const sandboxSide = Layer.effect(
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
