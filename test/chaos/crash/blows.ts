/** What can befall the shop at one point of an order's life, and every such point. */
import { crashPoints } from "../../../src/orders/crashPoints.ts"

export type Blow =
  | { readonly _tag: "Crash"; readonly point: string }
  /** The provider does what it was asked, and nobody hears of it. */
  | { readonly _tag: "Provider"; readonly mode: "reset_after" | "hang_after"; readonly path: string }
  /** The server commits, and the connection is gone before it can say so. */
  | { readonly _tag: "CommitUnheard" }

export const nameOf = (blow: Blow): string =>
  blow._tag === "Crash" ? blow.point : blow._tag === "Provider" ? `${blow.mode} ${blow.path}` : "commit unheard"

const effects = ["/v1/payment_intents", "/confirm", "/capture", "/cancel", "/v1/refunds"]

export const blows: ReadonlyArray<Blow> = [
  ...crashPoints.map((point): Blow => ({ _tag: "Crash", point })),
  ...(["reset_after", "hang_after"] as const).flatMap((mode) =>
    effects.map((path): Blow => ({ _tag: "Provider", mode, path }))
  ),
  { _tag: "CommitUnheard" }
]
