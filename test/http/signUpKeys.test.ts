/** Idempotency keys of sign ups: a choice, published with how long they are kept; without one there is none to tell of. */
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { randomUUID } from "node:crypto"
import { during, shop } from "./away.ts"
import { type Answer, doorOver, json, newKey, refusal, send } from "./door.ts"

const person = () => ({ email: `${randomUUID()}@example.com`, password: `pass ${randomUUID()}`, name: "A Person" })
const signUp = (headers: Record<string, string>, body: unknown) => send("POST", "/v1/users", { headers, body })

const daysKept = ({ headers }: Answer) =>
  (DateTime.toEpochMillis(DateTime.makeUnsafe(headers["idempotency-key-expires"] ?? "")) - Date.now()) / 86_400_000

layer(doorOver(shop), { excludeTestServices: true })("a sign up", (it) => {
  it.effect("under a key makes one account, and says for how long the key is kept", () =>
    Effect.gen(function* () {
      const [key, body] = [newKey(), person()]
      const [first, again] = [yield* signUp(key, body), yield* signUp(key, body)]
      assert.deepStrictEqual([first.status, again.status, json(again).id], [201, 201, json(first).id])
      for (const answer of [first, again]) assert.closeTo(daysKept(answer), 30, 0.1)
      assert.deepStrictEqual(
        [first, again].map(({ headers }) => headers["idempotent-replayed"]),
        [undefined, "true"]
      )
      yield* refusal([422, "idempotency_key_reused"], "POST", "/v1/users", { headers: key, body: person() })
    })
  )

  it.effect("without a key has none that could expire, also when it is taken for later", () =>
    Effect.gen(function* () {
      const answers = [yield* signUp({}, person()), yield* during(signUp({}, person()))]
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [201, 202]
      )
      for (const { headers } of answers) assert.notProperty(headers, "idempotency-key-expires")
    })
  )

  it.effect("that is taken for later under a key says for how long the key is kept", () =>
    Effect.gen(function* () {
      const [key, body] = [newKey(), person()]
      const [first, again] = yield* during(Effect.all([signUp(key, body), signUp(key, body)]))
      assert.deepStrictEqual([first.status, again.status], [202, 202])
      for (const answer of [first, again]) assert.closeTo(daysKept(answer), 30, 0.1)
      assert.strictEqual(first.headers["idempotency-key-expires"], again.headers["idempotency-key-expires"])
    })
  )
})
