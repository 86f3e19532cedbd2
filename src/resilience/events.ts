/**
 * What a Dependency tells about itself while it runs, with Polly's names.
 *
 * Transitions (of the circuit, of the switch) are rare and each is also one log line. The rest is for whoever subscribes;
 * counting is `Counters`' business, so nothing is lost when nobody listens.
 */
import type { CircuitState } from "./Circuit.ts"
import type { ChaosKind } from "./Chaos.ts"

export type KitEvent = { readonly dependency: string } & (
  | {
      readonly event: "OnCircuitOpened" | "OnCircuitHalfOpened" | "OnCircuitClosed"
      readonly state: CircuitState
      readonly from: CircuitState
      readonly cause: TransitionCause
    }
  | { readonly event: "OnSwitchedOff" | "OnSwitchedOn" }
  | { readonly event: "OnRetry"; readonly attempt: number; readonly delayMillis: number; readonly errorType: string }
  | { readonly event: "OnTimeout"; readonly attempt: number }
  | { readonly event: "OnHedging"; readonly attempt: number; readonly delayMillis: number }
  | { readonly event: "OnFallback"; readonly served: "stale" | "fallback"; readonly errorType: string }
  | { readonly event: "Chaos.OnLatency" | "Chaos.OnFault" | "Chaos.OnOutcome" }
)

/** `calls`: what the attempts showed. `operator`: an order began, ended or ran out. `elsewhere`: another node found out. */
export type TransitionCause = "calls" | "operator" | "elsewhere"

/** Polly's name for a transition into a state. */
export const circuitEvent = (to: CircuitState) =>
  to === "half_open"
    ? "OnCircuitHalfOpened"
    : to === "closed" || to === "disabled"
      ? "OnCircuitClosed"
      : "OnCircuitOpened"

export const chaosEvent = {
  latency: "Chaos.OnLatency",
  fault: "Chaos.OnFault",
  outcome: "Chaos.OnOutcome"
} as const satisfies {
  readonly [K in ChaosKind]: string
}
