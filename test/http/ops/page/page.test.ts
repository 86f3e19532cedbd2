/** The operators' page: what it shows, what it asks before it changes something, and who may. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Settlement } from "../../../../src/jobs/Job.ts"
import { Jobs } from "../../../../src/jobs/Jobs.ts"
import { Door, refusal, send } from "../../door.ts"
import { buying } from "../../../orders/buying.ts"
import { opsNode } from "../opsNode.ts"
import { eventually } from "../../../eventually.ts"

const { order } = buying("page")
const form = { "content-type": "application/x-www-form-urlencoded" }

const browserOf = Effect.fnUntraced(function* (token: string) {
  const signedIn = yield* send("POST", "/ops/login", { headers: form, body: `token=${token}` })
  const headers = { cookie: (signedIn.headers["set-cookie"] ?? "").split(";")[0] ?? "" }
  const page = Effect.map(send("GET", "/ops", { headers }), ({ text }) => text)
  const csrf = /name="csrf" value="([^"]+)"/.exec(yield* page)?.[1] ?? ""
  const ask = (query: string) => send("GET", `/ops/change?${query}`, { headers })
  const change = (body: Readonly<Record<string, string>>) =>
    send("POST", "/ops/change", {
      headers: { ...headers, ...form },
      body: new URLSearchParams({ csrf, reason: "a test", ...body }).toString()
    })
  return { headers, page, ask, change }
})
const checkoutOff = { thing: "switch", name: "checkout", verb: "off" }

/** A part of the page, by the id of its place. */
const part = (page: string, id: string) =>
  new RegExp(`<section id="${id}"[^>]*>(.*?)</section>`, "s").exec(page)?.[1]?.replaceAll(/\s+/g, " ") ?? ""

layer(opsNode, { excludeTestServices: true })("the operators' page", (it) => {
  it.effect("says in one sentence how it is, and shows every lever", () =>
    Effect.gen(function* () {
      const page = yield* (yield* browserOf("token-of-vic")).page
      assert.include(part(page, "verdict"), "All is well")
      assert.include(part(page, "dependencies"), ">database</th>")
      for (const name of ["checkout", "payments"]) assert.include(part(page, "switches"), name)
      assert.include(part(page, "letters"), "None.")
    })
  )

  it.effect("asks what a change is for, says what it does, and shows it when it is done", () =>
    Effect.gen(function* () {
      const ada = yield* browserOf("token-of-ada")
      const asked = yield* ada.ask("thing=switch&name=checkout&verb=off")
      assert.include(asked.text, "What was begun goes on.")
      assert.include(asked.text, '<input name="reason" required')
      assert.deepInclude([(yield* ada.change({ ...checkoutOff, minutes: "15" })).headers["location"]], "/ops?said=done")
      const page = yield* ada.page
      assert.include(part(page, "verdict"), "checkout is switched off")
      assert.match(part(page, "switches"), /ada: a test ?, until/)
      yield* ada.change({ ...checkoutOff, verb: "on" })
    })
  )

  it.effect("changes nothing for a viewer, without a reason, or for a form from elsewhere", () =>
    Effect.gen(function* () {
      const vic = yield* browserOf("token-of-vic")
      assert.strictEqual((yield* vic.ask("thing=switch&name=checkout&verb=off")).status, 403)
      assert.strictEqual((yield* vic.change(checkoutOff)).status, 403)
      const ada = yield* browserOf("token-of-ada")
      assert.strictEqual((yield* ada.change({ ...checkoutOff, reason: "" })).status, 400)
      assert.strictEqual((yield* ada.change({ ...checkoutOff, csrf: "x" })).status, 403)
      assert.strictEqual((yield* ada.change({ ...checkoutOff, name: "chekout" })).status, 404)
      assert.strictEqual((yield* send("POST", "/ops/change", { headers: form, body: "" })).status, 400)
      assert.notInclude(part(yield* ada.page, "verdict"), "checkout")
    })
  )

  it.effect("shows dead letters in groups, what a replay would do, and discards them", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      yield* jobs.enqueue({ queue: "<b>odd</b>", key: "one", payload: { order_id: "ord_one" } })
      const claimed = yield* jobs.claim("<b>odd</b>", 1)
      yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead({ code: "Gone", category: "permanent" })]))
      const ada = yield* browserOf("token-of-ada")
      const page = yield* eventually(ada.page, (shown) =>
        part(shown, "letters").includes("&lt;b&gt;odd&lt;/b&gt;</th>")
      )
      assert.notInclude(page, "<b>odd</b>")
      const wanted = { thing: "letters", name: "<b>odd</b>", code: "Gone" }
      const asked = yield* ada.ask(new URLSearchParams({ ...wanted, verb: "replay" }).toString())
      assert.match(asked.text, /<strong>1<\/strong> dead letters/)
      assert.strictEqual((yield* ada.change({ ...wanted, verb: "discard" })).status, 303)
      assert.include(part(yield* ada.page, "letters"), "None.")
    })
  )

  it.effect("has the runbook beside it, for whoever is signed in", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* send("GET", "/ops/runbook")).headers["location"], "/ops/login")
      const { headers } = yield* browserOf("token-of-vic")
      assert.include((yield* send("GET", "/ops/runbook", { headers })).text, '<h2 id="circuitopen">CircuitOpen</h2>')
    })
  )

  it.effect("looks an id up: what became of it and what happens next, or that nothing is known of it", () =>
    Effect.gen(function* () {
      const { id, until } = yield* order(2)
      yield* until("captured")
      const { headers } = yield* browserOf("token-of-vic")
      const lookUp = (what: string) => send("GET", `/ops/look-up?${new URLSearchParams({ id: what })}`, { headers })
      const found = (yield* lookUp(` ${id} `)).text
      assert.include(found, "What happens next")
      assert.include(found, "CHF 10.00")
      assert.match(found, /<main class="viewer">/)
      for (const unknown of ["ord_nobodys", `<b>"${id}`, "é"]) {
        const { status, text } = yield* lookUp(unknown)
        assert.strictEqual(status, 200)
        assert.include(text, "Nothing is known of this id.")
        assert.notInclude(text, "<b>")
      }
      assert.strictEqual((yield* send("GET", "/ops/look-up?id=ord_one")).headers["location"], "/ops/login")
    })
  )

  it.effect("refuses what cannot be changed here: an order that there is not, a provider that nobody plays", () =>
    Effect.gen(function* () {
      const ada = yield* browserOf("token-of-ada")
      const asking = { thing: "order", name: "ord_nobodys", verb: "ask" }
      assert.include((yield* ada.ask(new URLSearchParams(asking).toString())).text, "asks the provider")
      assert.strictEqual((yield* ada.change(asking)).status, 404)
      assert.strictEqual((yield* ada.change({ ...asking, name: "not an id" })).status, 404)
      const breaking = { thing: "provider", name: "payments", verb: "break", code: "status" }
      assert.strictEqual((yield* ada.change(breaking)).status, 404)
      assert.strictEqual((yield* ada.ask("thing=order&name=ord_one&verb=delete")).status, 404)
    })
  )

  it.effect("is kept up by a stream that begins with everything, for whoever is signed in", () =>
    Effect.gen(function* () {
      yield* refusal([401, "unauthenticated"], "GET", "/ops/api/stream")
      const { headers } = yield* browserOf("token-of-vic")
      const { port } = yield* Door
      const first = yield* Effect.tryPromise(async (signal) => {
        const answer = await fetch(`http://127.0.0.1:${port}/ops/api/stream`, { headers, signal })
        const reader = answer.body?.getReader()
        const { value } = (await reader?.read()) ?? {}
        await reader?.cancel()
        return new TextDecoder().decode(value)
      })
      assert.deepStrictEqual(Object.keys(JSON.parse(first.replace(/^data: /, ""))), [
        "verdict",
        "asof",
        "invariants",
        "flow",
        "dependencies",
        "doubts",
        "letters",
        "queues",
        "switches",
        "audit"
      ])
    })
  )
})
