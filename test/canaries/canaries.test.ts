/**
 * What people entrust to the shop, planted in requests, in the answers of every provider, in failures of the database and
 * in rows that nobody can read any more, on the real process: it is in nothing that leaves it, but where it belongs.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { canaries, gossip, tracesIn } from "./canaries.ts"
import { Planted } from "./plant.ts"

/** Where it belongs: rows of their owners, their mails, their keys, and what they handed in while nobody could decide. */
const belongs = new Set([
  "deferred.key",
  "deferred.payload",
  "emails.body",
  "emails.recipient",
  "idempotency_keys.key",
  "orders.client_reference",
  "users.email",
  "users.email_normalized",
  "users.name"
])

/** What of it is in a text, with what stands around it. */
const leakIn = (what: string, text: string, secrets: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [found] = [...tracesIn(text), ...secrets.filter((secret) => text.includes(secret))]
  if (found === undefined) return []
  const at = text.toLowerCase().indexOf(found.toLowerCase())
  return [`${what}: ${found}: ${text.slice(Math.max(0, at - 200), at + 100)}`]
}

layer(Planted.layer, { excludeTestServices: true, timeout: "120 seconds" })("what people entrust to the shop", (it) => {
  it.effect("is in no answer and on no operator's page", () =>
    Effect.map(Planted, ({ answers, own, secrets }) => {
      assert.isAtLeast(answers.length, 120)
      const leaks = answers.flatMap(({ asked, headers, text }) =>
        leakIn(asked, `${JSON.stringify(headers)} ${text}`, secrets)
      )
      assert.deepStrictEqual(leaks, [])
      for (const { text } of own) {
        assert.include(text, canaries.email)
        for (const secret of [...secrets, canaries.key]) assert.notInclude(text, secret)
      }
    })
  )

  it.effect("is in no line of the log, nor in the database's, and what went wrong is", () =>
    Effect.map(Planted, ({ said, secrets, serverLog }) => {
      assert.deepStrictEqual(leakIn("the log", said, secrets), [])
      assert.deepStrictEqual(leakIn("the server's log", serverLog, secrets), [])
      for (const event of ["request died", "job died", "mail needs an operator", "order needs an operator"]) {
        assert.include(said, event)
      }
      for (const state of ["42601", "22P02", "23514", "XX000"]) assert.include(said, `SQLSTATE ${state}`)
    })
  )

  it.effect("is told to no provider but the one of mails", () =>
    Effect.map(Planted, ({ secrets, told }) => {
      for (const path of ["/events", "/v1/payment_intents", "/products/KITCHEN-KETTLE-12", "/v1/traces"]) {
        assert.isTrue(
          told.some((heard) => heard.path.startsWith(path)),
          path
        )
      }
      for (const { path, text } of told) assert.deepStrictEqual(leakIn(path, text, secrets), [])
    })
  )

  it.effect("stands in the tables where it belongs, and nowhere else", () =>
    Effect.map(Planted, ({ stands }) => {
      assert.deepStrictEqual(
        stands.filter((column) => !belongs.has(column)),
        []
      )
      for (const column of ["users.email", "orders.client_reference", "emails.body"]) assert.include(stands, column)
    })
  )

  it.effect("waits in the spool without what opens anything", () =>
    Effect.map(Planted, ({ kept, secrets }) => {
      assert.isTrue(kept.some((file) => file.includes(canaries.reference)))
      for (const file of kept) for (const secret of secrets) assert.notInclude(file, secret)
    })
  )

  it.effect("is told when it leaks", () =>
    Effect.sync(() => {
      for (const encoded of ["base64", "base64url", "hex", "utf8"] as const) {
        assert.isNotEmpty(tracesIn(Buffer.from(`x${gossip}`).toString(encoded)), encoded)
      }
      assert.isNotEmpty(tracesIn(encodeURIComponent(canaries.card)))
      assert.isNotEmpty(tracesIn(canaries.email.toUpperCase()))
    })
  )
})
