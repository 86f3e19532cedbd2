/** Pictures of the page for the documents, with some minutes of real business on it. */
import * as path from "node:path"
import { Effect, Schedule } from "effect"
import { products } from "../../src/sandbox/catalogue.ts"
import { customer, placeOrder } from "../main/client.ts"
import { root } from "../main/process.ts"
import type { Page } from "./Browser.ts"

export interface Pictures {
  /** Orders for some minutes, so that there is something to see. */
  readonly business: (url: string) => Effect.Effect<void>
}

/** There are plenty of these; the story's own orders are of something else. */
const plenty = 120
const goods = products.filter(({ received, sku }) => received >= plenty && sku !== "KITCHEN-KETTLE-12")
const cards = ["pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"]
/** Customers come and go: so many a second, up and down within four minutes. */
const customersAt = (second: number) => Math.round(2 + 2 * Math.sin(second / 38))

export const businessFor = (minutes: number): Pictures => ({
  business: Effect.fnUntraced(function* (url) {
    const who = yield* customer(url)
    let second = 0
    const inOneSecond = Effect.suspend(() => {
      second++
      const orders = Array.from({ length: customersAt(second) }, (_, index) => ({
        key: `business-${second}-${index}`,
        wait: 0,
        sku: goods[(second + index) % goods.length]?.sku ?? "",
        paymentMethod: cards[(second + index) % cards.length] ?? ""
      }))
      return Effect.forEach(orders, (order) => placeOrder(url, who, order), { discard: true })
    })
    yield* Effect.repeat(inOneSecond, Schedule.spaced("1 second").pipe(Schedule.upTo({ times: minutes * 60 })))
  })
})

/** From the top of the page, as large as a screen. */
export const takePicture = (page: Page, name: string) =>
  Effect.promise(() => page.screenshot({ path: path.join(root, "docs/pictures", `${name}.png`) }))
