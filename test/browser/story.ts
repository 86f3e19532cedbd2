/**
 * A night at the shop, as its operator has it on the screen: payments break, orders wait, it is repaired, they finish; a
 * payment looks wrong, and is replayed; ordering is switched off and on; the database stands still. The page is looked at on the way.
 */
import assert from "node:assert/strict"
import * as path from "node:path"
import { Duration, Effect, type Scope } from "effect"
import { frozen } from "../database/privateCluster.ts"
import { customer, listOrders, placeOrder, untilAllCaptured } from "../main/client.ts"
import type { Ready } from "../main/process.ts"
import { eventually } from "../eventually.ts"
import type { Browser, Context, Page } from "./Browser.ts"
import { contrast, focused, overflow, structure } from "./inPage.ts"
import { type Pictures, takePicture } from "./pictures.ts"

export interface Night {
  readonly browser: Browser
  readonly shop: Ready
  readonly dataDir: string
  readonly say: (line: string) => Effect.Effect<void>
  readonly pictures: Pictures | undefined
}

const wide = { width: 1200, height: 1250 }
const telephone = { width: 360, height: 780 }
/** Of anything that the page is waited for. */
const patienceMillis = 20_000
const reason = "the browser's test"

const asked = <A>(ask: () => Promise<A>) => Effect.promise(ask)
const settled = (text: string) => text.replaceAll(/\s+/g, " ").trim()
const part = (page: Page, id: string) => page.locator(`#${id}-now`)
const read = (page: Page, id: string) =>
  Effect.map(
    asked(() => part(page, id).innerText()),
    settled
  )
/** Live: nobody reloads. */
const shows = (page: Page, id: string, text: string | RegExp) =>
  asked(async () => {
    const place = part(page, id)
    const seen = await place
      .filter({ hasText: text })
      .waitFor({ timeout: patienceMillis })
      .then(
        () => true,
        () => false
      )
    if (!seen) assert.fail(`${id} does not show ${text}: ${settled(await page.locator("body").innerText())}`)
  })

/** From the page of a change to its end. */
const confirmed = (page: Page) =>
  asked(async () => {
    await page.getByLabel("Why? (kept in the audit)").fill(reason)
    await page.getByRole("button").click()
    await page.getByRole("status").filter({ hasText: "Done." }).waitFor()
  })
const changed = (page: Page, link: string) =>
  Effect.andThen(
    asked(() => page.getByRole("link", { name: link }).first().click()),
    confirmed(page)
  )

const isFit = Effect.fnUntraced(function* (page: Page, what: string) {
  for (const colorScheme of ["light", "dark"] as const) {
    yield* asked(() => page.emulateMedia({ colorScheme }))
    assert.deepEqual(yield* asked(() => page.evaluate(contrast)), [], `${what}, ${colorScheme}`)
  }
  yield* asked(() => page.emulateMedia({ colorScheme: "light" }))
  assert.deepEqual(yield* asked(() => page.evaluate(structure)), [], what)
  yield* asked(() => page.setViewportSize(telephone))
  assert.deepEqual(yield* asked(() => page.evaluate(overflow)), [], `${what}, on a telephone`)
  yield* asked(() => page.setViewportSize(wide))
})

/** The page of who has no scripts says the same. */
const readsWithoutScripts = Effect.fnUntraced(function* ({ browser }: Night, page: Page, context: Context) {
  const storageState = yield* asked(() => context.storageState())
  const without = yield* asked(() => browser.newContext({ javaScriptEnabled: false, viewport: wide, storageState }))
  const plain = yield* asked(() => without.newPage())
  yield* asked(() => plain.goto(page.url()))
  const headings = (of: Page) =>
    Effect.map(
      asked(() => of.locator("main").innerText()),
      (text) => text.match(/^[A-Z].*$/gm)
    )
  assert.equal(yield* read(plain, "verdict"), yield* read(page, "verdict"))
  for (const id of ["switches", "dependencies", "letters", "queues", "audit"])
    assert.notEqual(yield* read(plain, id), "", id)
  assert.ok((yield* headings(plain))?.includes("Dependencies"))
  yield* changed(plain, "switch off: recommendations")
  yield* shows(page, "verdict", "recommendations is switched off")
  yield* changed(plain, "switch on: recommendations")
  yield* asked(() => plain.close())
})

const paymentsBreak = Effect.fnUntraced(function* ({ pictures, say, shop: { url } }: Night, page: Page) {
  const who = yield* customer(url)
  yield* broken(page, "payments", "status")
  yield* shows(page, "faults", /payments.*status 503/s)
  for (let index = 0; index < 6; index++) {
    const answer = yield* placeOrder(url, who, { key: `while-broken-${index}`, wait: 0 })
    assert.equal(answer?.status, 202)
  }
  yield* shows(page, "verdict", /Degraded: .*payments (open|half open) since/s)
  yield* shows(page, "flow", /reserved\s+6/)
  yield* say(`the sentence: ${yield* read(page, "verdict")}`)
  if (pictures !== undefined) yield* takePicture(page, "ops-degraded")
  yield* changed(page, "repair: payments")
  const orders = yield* untilAllCaptured(url, who)
  assert.deepEqual([...new Set(orders.map(({ status }) => status))], ["captured"])
  yield* shows(page, "verdict", "All is well")
  yield* shows(page, "flow", "No order waits.")
})

const broken = Effect.fnUntraced(function* (page: Page, provider: string, mode: string) {
  yield* asked(async () => {
    await page.locator("#faults select[name=name]").selectOption(provider)
    await page.locator("#faults select[name=code]").selectOption(mode)
    await page.getByRole("button", { name: "Break it" }).click()
  })
  yield* confirmed(page)
})

/** What looks wrong is not tried again, and not given up: it waits for a person. */
const paymentLooksWrong = Effect.fnUntraced(function* ({ say, shop: { url } }: Night, page: Page) {
  const who = yield* customer(url)
  yield* broken(page, "payments", "wrong_amount")
  const placed = yield* placeOrder(url, who, { key: "looks-wrong", wait: 0 })
  yield* shows(page, "letters", /orders\s+PaymentMismatch/)
  yield* shows(page, "verdict", "1 dead letter (DeadLetters)")
  yield* changed(page, "repair: payments")
  yield* lookedUp(page, placed?.body.id ?? "", /a person/)
  yield* asked(() => page.getByRole("link", { name: "replay: orders PaymentMismatch" }).click())
  const preview = settled(yield* asked(() => page.locator("main").innerText()))
  assert.match(preview, /Of the 1 looked at: /)
  yield* say(`the preview: ${preview}`)
  yield* isFit(page, "a change")
  yield* confirmed(page)
  yield* shows(page, "letters", "None.")
  yield* untilAllCaptured(url, who)
  yield* lookedUp(page, "looks-wrong", /captured/)
})

/** By the form of the page, and back. */
const lookedUp = Effect.fnUntraced(function* (page: Page, id: string, says: RegExp) {
  yield* asked(async () => {
    await page.getByLabel("Look up an order, its key, a request or a payment").fill(id)
    await page.getByRole("button", { name: "Look up" }).click()
    await page.getByRole("heading", { name: "What happens next" }).waitFor()
  })
  assert.match(settled(yield* asked(() => page.locator("main").innerText())), says)
  yield* isFit(page, "the look-up")
  yield* asked(() => page.getByRole("link", { name: "back" }).click())
})

const orderingIsSwitchedOff = Effect.fnUntraced(function* ({ shop: { url } }: Night, page: Page) {
  const who = yield* customer(url)
  yield* changed(page, "switch off: checkout")
  yield* shows(page, "verdict", "checkout is switched off")
  const refused = yield* placeOrder(url, who, { key: "while-off" })
  assert.deepEqual([refused?.status, refused?.body.code], [503, "feature_disabled"])
  yield* changed(page, "switch on: checkout")
  yield* shows(page, "verdict", "All is well")
  assert.equal((yield* placeOrder(url, who, { key: "while-on", wait: 10 }))?.status, 201)
  assert.deepEqual((yield* listOrders(url, who)).length, 1)
  yield* shows(page, "audit", new RegExp(`checkout.*${reason}`, "s"))
})

/** It is of use then above all: what was known, and how old that is. */
const databaseStandsStill = Effect.fnUntraced(function* ({ dataDir }: Night, page: Page) {
  yield* Effect.scoped(
    Effect.gen(function* () {
      yield* frozen(path.join(dataDir, "pg"))
      yield* shows(page, "verdict", "the database cannot be read: what is below is from before")
      yield* shows(page, "queues", /As of \d\d:\d\d:\d\d, \d+ s ago\./)
      yield* shows(page, "dependencies", /database\s+open/)
    })
  )
  yield* shows(page, "verdict", "All is well")
})

/** By the keyboard alone: the first stops are seen, and a part that is open stays open while the page is kept up. */
const keyboard = Effect.fnUntraced(function* (page: Page) {
  for (let stop = 0; stop < 4; stop++) {
    yield* asked(() => page.keyboard.press("Tab"))
    assert.deepEqual(yield* asked(() => page.evaluate(focused)), [])
  }
  yield* asked(() => page.locator("#invariants-well summary").first().click())
  yield* asked(() => page.evaluate("document.activeElement.blur()"))
  const compared = (yield* read(page, "asof")).slice(0, 14)
  yield* eventually(read(page, "asof"), (text) => text.slice(0, 14) !== compared, { every: "100 millis" })
  assert.match(yield* read(page, "invariants"), /acknowledged order missing/)
  yield* asked(() => page.locator("#invariants-well summary").first().click())
  yield* asked(() => page.evaluate("document.activeElement.blur()"))
})

export const night = Effect.fnUntraced(function* (all: Night): Effect.fn.Return<void, never, Scope.Scope> {
  const { browser, pictures, say, shop } = all
  const context = yield* asked(() => browser.newContext({ viewport: wide }))
  context.setDefaultTimeout(patienceMillis)
  const page = yield* asked(() => context.newPage())
  const step = <A, E, R>(what: string, run: Effect.Effect<A, E, R>) =>
    Effect.flatMap(Effect.timed(run), ([took, value]) =>
      Effect.as(say(`✓ ${what}, ${Duration.toSeconds(took).toFixed(1)} s`), value)
    )

  yield* step(
    "a link signs in once, and the page is live",
    Effect.gen(function* () {
      yield* asked(() => page.goto(shop.operatorsUrl))
      yield* shows(page, "verdict", "All is well")
      yield* asked(() =>
        page
          .locator("#live")
          .filter({ hasText: /^live$/ })
          .waitFor()
      )
    })
  )
  yield* step(
    "it is fit for eyes, screen readers, keyboards and telephones",
    Effect.andThen(isFit(page, "the page"), keyboard(page))
  )
  if (pictures !== undefined) yield* pictures.business(shop.url)
  if (pictures !== undefined) yield* takePicture(page, "ops-well")
  yield* step("payments break, orders wait, are seen to wait, and finish", paymentsBreak(all, page))
  yield* step("a payment looks wrong, is looked up, and is replayed", paymentLooksWrong(all, page))
  yield* step("ordering is switched off and on again", orderingIsSwitchedOff(all, page))
  yield* step("without scripts it reads the same, and its levers work", readsWithoutScripts(all, page, context))
  yield* step("while the database stands still it shows what was known", databaseStandsStill(all, page))
  yield* step(
    "the runbook and the log in are fit as well",
    Effect.gen(function* () {
      yield* asked(() => page.goto(new URL("/ops/runbook", shop.operatorsUrl).href))
      yield* isFit(page, "the runbook")
      yield* asked(() => page.goto(new URL("/ops", shop.operatorsUrl).href))
      yield* isFit(page, "the page after all that")
      yield* asked(() => page.getByRole("button", { name: "Sign out" }).click())
      yield* isFit(page, "signing in")
    })
  )
})
