/** The operators' commands as they are typed: a process of its own, against a real port. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Array, Effect, Fiber, Redacted, Schedule } from "effect"
import { Catalog } from "../../src/catalog/Catalog.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { DeadLetters } from "../../src/jobs/DeadLetters.ts"
import { Settlement } from "../../src/jobs/Job.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { replayQueue, runReplay } from "../../src/jobs/replays.ts"
import { runWorker } from "../../src/jobs/Worker.ts"
import type { Email } from "../../src/users/Email.ts"
import { Users } from "../../src/users/Users.ts"
import { listening } from "../http/ops/listening.ts"
import { opsNode } from "../http/ops/opsNode.ts"
import { ops } from "./command.ts"

const kill = Effect.fnUntraced(function* (queue: string, keys: ReadonlyArray<string>) {
  const jobs = yield* Jobs
  for (const key of keys) yield* jobs.enqueue({ queue, key, payload: { order_id: key } })
  const claimed = yield* jobs.claim(queue, keys.length)
  yield* jobs.settleAll(claimed.map((job) => [job, Settlement.dead({ code: "Gone", category: "permanent" })]))
  return claimed.map(({ id }) => id)
})

const folderOf = (name: string) =>
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), name))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )

layer(opsNode, { excludeTestServices: true })("npm run ops", (it) => {
  it.effect("lists dead letters as a table, and one of them in full as JSON", () =>
    Effect.gen(function* () {
      const [id] = yield* kill("listed", ["first", "second"])
      const list = yield* ops("dead-letters list --queue listed", "token-of-vic")
      assert.strictEqual(list.code, 0, list.said)
      const [head, ...rows] = list.said.trim().split("\n")
      assert.match(head ?? "", /^id +queue +key +code/)
      assert.deepStrictEqual(
        rows.map((row) => row.split(/ +/)[2]),
        ["second", "first"]
      )
      const show = yield* ops(`dead-letters show ${id} --json`, "token-of-vic")
      assert.deepInclude(JSON.parse(show.said), { id, key: "first", code: "Gone", payload: { order_id: "first" } })
    })
  )

  it.effect("replays with progress until each item has ended", () =>
    Effect.gen(function* () {
      yield* kill(
        "replayed",
        Array.makeBy(20, (n) => `key-${n}`)
      )
      yield* Effect.forkScoped(runWorker({ queue: replayQueue, concurrency: 1, handle: yield* runReplay }))
      yield* Effect.forkScoped(
        runWorker({ queue: "replayed", concurrency: 4, handle: () => Effect.succeed(Settlement.done) })
      )
      const replay = yield* ops("dead-letters replay --queue replayed --per-second 100 --reason again --follow")
      assert.strictEqual(replay.code, 0, replay.said)
      assert.match(replay.said.trim().split("\n").at(-1) ?? "", /^replay \d+: 20 items: .*\b20 done/)
    })
  )

  it.effect("refuses to change everything by accident, and what a viewer may not", () =>
    Effect.gen(function* () {
      yield* kill("kept", ["one"])
      const vague = yield* ops("dead-letters discard --reason oops")
      assert.deepStrictEqual([vague.code, vague.said.includes("--all")], [64, true], vague.said)
      const viewer = yield* ops("dead-letters discard --queue kept --reason oops", "token-of-vic")
      assert.deepStrictEqual([viewer.code, viewer.said.includes("forbidden, 403")], [1, true], viewer.said)
      const page = yield* (yield* DeadLetters).list({ queue: "kept" }, { limit: 1, after: undefined })
      assert.strictEqual(page.letters.length, 1)
    })
  )

  it.effect("pauses and resumes a queue", () =>
    Effect.gen(function* () {
      const jobs = yield* Jobs
      yield* jobs.enqueue({ queue: "paused", key: "one", payload: {} })
      const paused = yield* ops("queues pause paused --reason maintenance --json")
      assert.strictEqual(JSON.parse(paused.said).data[0].paused.reason, "maintenance")
      assert.deepStrictEqual(yield* jobs.claim("paused", 1), [])
      assert.strictEqual((yield* ops("queues resume paused --reason over")).code, 0)
      assert.strictEqual((yield* jobs.claim("paused", 1)).length, 1)
    })
  )

  it.effect("makes an account an operator's, and says which account it does not know", () =>
    Effect.gen(function* () {
      const [email, password] = ["ops@example.com" as Email, Redacted.make("correct horse battery")]
      const { id } = yield* (yield* Users).signUp({ email, password, name: "Becomes" })
      const added = yield* ops(`operators add ${id} --reason hired`)
      assert.deepStrictEqual([added.code, added.said.includes(`${id}  operator`)], [0, true], added.said)
      const unknown = yield* ops("operators add usr_nobody --reason hired")
      assert.deepStrictEqual([unknown.code, unknown.said.includes("not_found, 404")], [1, true], unknown.said)
    })
  )

  it.effect("switches a feature off for a time, and says when a time cannot be read", () =>
    Effect.gen(function* () {
      const words = ["switches", "off", "checkout", "--reason", "drill", "--json", "--for"]
      const off = yield* ops([...words, "5 minutes"])
      const { order } = JSON.parse(off.said)
      assert.closeTo(Date.parse(order.expires_at) - Date.parse(order.since), 300_000, 20_000)
      const listed = yield* ops("switches list", "token-of-vic")
      assert.match(listed.said, /checkout +feature +off +ada +drill/)
      assert.strictEqual((yield* ops("switches on checkout --reason over")).code, 0)
      const vague = yield* ops([...words, "a while"])
      assert.deepStrictEqual([vague.code, vague.said.includes("30 minutes")], [64, true], vague.said)
    })
  )

  it.effect("says in one sentence how it is, and as it changes", () =>
    Effect.gen(function* () {
      const switches = yield* KillSwitches
      const flip = Effect.andThen(
        switches.set("checkout", "off", { actor: "ada", reason: "drill" }),
        Effect.delay(switches.clear("checkout", "off", { actor: "ada", reason: "over" }), "1500 millis")
      )
      const flipping = yield* Effect.forkScoped(Effect.repeat(flip, Schedule.spaced("1500 millis")))
      const { code, said } = yield* ops("tail --events 2", "token-of-vic")
      yield* Fiber.interrupt(flipping)
      assert.strictEqual(code, 0, said)
      assert.include(said, "checkout is switched off")
      yield* switches.set("checkout", "off", { actor: "ada", reason: "drill" })
      const status = yield* Effect.repeat(ops("status", "token-of-vic"), {
        until: (one) => one.said.includes("checkout is switched off"),
        times: 5
      })
      assert.match(status.said, /^(Running, with something to look at|Degraded): .*checkout is switched off.*\.\n/)
      yield* switches.clear("checkout", "off", { actor: "ada", reason: "over" })
    })
  )

  it.effect("brings products in, sets a price and takes a delivery, which the audit tells", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf("catalogue-")
      const file = join(folder, "products.json")
      const lamp = {
        sku: "CLI-LAMP",
        name: "Lamp",
        description: "",
        price: { amount: 500, currency: "CHF" },
        received: 3
      }
      writeFileSync(file, JSON.stringify([lamp]))
      const imported = yield* ops(["catalogue", "import", file, "--reason", "spring", "--json"])
      assert.deepStrictEqual(JSON.parse(imported.said), { added: 1, changed: 0 })
      const priced = yield* ops("catalogue price CLI-LAMP 700 CHF --reason dearer --json")
      assert.deepStrictEqual(JSON.parse(priced.said), { added: 0, changed: 1 })
      const delivered = yield* ops("catalogue stock CLI-LAMP 10 --reason delivery")
      assert.strictEqual(delivered.code, 0)
      assert.match(delivered.said, /^sku +received +received_before\nCLI-LAMP +10 +3\n$/)
      const { products } = yield* (yield* Catalog).list({ limit: 1 })
      assert.deepStrictEqual(products[0]?.price, { amount: 700, currency: "CHF" })
      const level = products[0] === undefined ? undefined : yield* (yield* Catalog).stockLevel(products[0].id)
      assert.strictEqual(level?.available, 10)
      const unknown = yield* ops("catalogue price CLI-NONE 700 CHF --reason dearer")
      assert.deepStrictEqual([unknown.code, unknown.said.includes("CLI-NONE")], [1, true], unknown.said)
      const audit = yield* ops("audit", "token-of-vic")
      assert.match(audit.said, /ada +catalogue\.stock +CLI-LAMP +delivery/)
    })
  )

  it.effect("brings in more than a body holds", () =>
    Effect.gen(function* () {
      const folder = yield* folderOf("catalogue-long-")
      const file = join(folder, "products.json")
      const described = Array.makeBy(70, (n) => ({
        sku: `LONG-${n}`,
        name: "Lamp",
        description: "é".repeat(4_000),
        price: { amount: 500, currency: "CHF" },
        received: 3
      }))
      writeFileSync(file, JSON.stringify(described))
      const imported = yield* ops(["catalogue", "import", file, "--reason", "spring"])
      assert.strictEqual(imported.code, 0, imported.said)
      assert.match(imported.said, /^70 +0$/m)
      assert.include(imported.said, "70 of 70")
    })
  )

  it.effect("says why nothing is told to who listens", () =>
    Effect.gen(function* () {
      const unknown = yield* ops("tail --events 1", "token-of-eve")
      assert.deepStrictEqual([unknown.code, unknown.said.includes("(unauthenticated, 401)")], [1, true], unknown.said)
      const vic = { authorization: "Bearer token-of-vic" }
      yield* Effect.forEach(Array.range(1, 20), () => listening("/ops/api/tail", vic), { concurrency: "unbounded" })
      const late = yield* ops("tail --events 1")
      assert.deepStrictEqual([late.code, late.said.includes("As many listen already")], [1, true], late.said)
    })
  )

  it.effect("ends with 69 and what to do when no node answers, and with 64 when it was not said right", () =>
    Effect.gen(function* () {
      const away = yield* ops("status", "token-of-ada", "http://127.0.0.1:1")
      assert.deepStrictEqual([away.code, away.said.includes("set OPS_URL")], [69, true], away.said)
      const unsaid = yield* ops("switches off checkout")
      assert.deepStrictEqual([unsaid.code, unsaid.said.includes("--reason")], [64, true], unsaid.said)
      const nobody = yield* ops("status", "token-of-eve")
      assert.deepStrictEqual([nobody.code, nobody.said.includes("Set OPS_TOKEN")], [1, true], nobody.said)
    })
  )

  it.effect("lets one part of the node say more for a while", () =>
    Effect.gen(function* () {
      const set = yield* ops(["log-levels", "set", "payments", "debug", "--for", "5 minutes", "--reason", "drill"])
      assert.match(set.said, /payments +debug +ada +drill/)
      const reset = yield* ops("log-levels reset payments --reason over")
      assert.match(reset.said, /payments +info +-/)
      const unknown = yield* ops("log-levels set paymints debug --reason drill")
      assert.deepStrictEqual([unknown.code, unknown.said.includes("/module")], [1, true], unknown.said)
    })
  )

  it.effect("explains itself", () =>
    Effect.gen(function* () {
      const { code, said } = yield* ops("dead-letters --help")
      assert.strictEqual(code, 0)
      for (const command of ["list", "groups", "show", "preview", "replay", "discard"]) assert.include(said, command)
    })
  )
})
