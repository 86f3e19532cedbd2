/** The key of a wish about an order, for whoever made it: whether it was a repeat, and until when the key is kept. */
import { Context, type DateTime, Effect } from "effect"

export interface KeptKey {
  /** True when the key had been used before: nothing new was made. */
  readonly replayed: boolean
  /** When the key is forgotten. */
  readonly keyExpiresAt: DateTime.Utc
}

/** Told when a wish is refused, and the refusal is kept under its key. Set by the door. */
export const WhenRefused = Context.Reference<(key: KeptKey) => void>("holdfast/orders/WhenRefused", {
  defaultValue: () => () => undefined
})

export const refusedUnder = (key: KeptKey) => Effect.map(WhenRefused, (tell) => tell(key))
