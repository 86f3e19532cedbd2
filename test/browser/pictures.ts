/** Pictures of the page for the documents, with some minutes of real business on it. */
import * as path from "node:path"
import { Effect } from "effect"
import { customer, placeOrder } from "../main/client.ts"
import { root } from "../main/process.ts"
import type { Page } from "./Browser.ts"

export interface Pictures {
  /** Orders for some minutes, so that there is something to see. */
  readonly business: (url: string) => Effect.Effect<void>
}

const cards = ["pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"]

/** An order every quarter of a second or so, of all kinds, for so many minutes. */
export const businessFor = (minutes: number): Pictures => ({
  business: Effect.fnUntraced(function* (url) {
    const who = yield* customer(url)
    for (let index = 0; index < minutes * 120; index++) {
      // It comes and goes, as customers do.
      const wait = 1 + Math.round(2 * Math.abs(Math.sin(index / 40)))
      const paymentMethod = cards[index % cards.length] ?? ""
      yield* placeOrder(url, who, { key: `business-${index}`, wait: index % 4 === 0 ? wait : 0, paymentMethod })
    }
  })
})

export const takePicture = (_: Pictures, page: Page, name: string) =>
  Effect.promise(() => page.screenshot({ path: path.join(root, "docs/pictures", `${name}.png`), fullPage: true }))
