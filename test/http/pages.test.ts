/** Pages of a list: cursors that lead through it, and mean only what the server meant by them. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { fieldsOf, json, member, openDoor, refusal, send } from "./door.ts"

layer(openDoor, { excludeTestServices: true })("a cursor", (it) => {
  it.effect("leads through the whole list, each item once", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      let cursor = ""
      do {
        const page = json(yield* send("GET", `/v1/products?limit=7${cursor}`))
        seen.push(...page.data.map(({ id }: { readonly id: string }) => id))
        cursor = page.has_more ? `&cursor=${encodeURIComponent(page.next_cursor)}` : ""
        if (!page.has_more) assert.strictEqual(page.next_cursor, null)
      } while (cursor !== "")
      const all = json(yield* send("GET", "/v1/products?limit=100"))
      assert.deepStrictEqual(
        seen,
        all.data.map(({ id }: { readonly id: string }) => id)
      )
      assert.strictEqual(new Set(seen).size, seen.length)
    })
  )

  it.effect("that was tampered with is refused", () =>
    Effect.gen(function* () {
      const { next_cursor: genuine } = json(yield* send("GET", "/v1/products?limit=1"))
      const bytes = Buffer.from(genuine, "base64url")
      const changed = Buffer.from(bytes)
      changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1
      for (const cursor of [
        "x",
        genuine.slice(1),
        genuine.slice(0, -2),
        changed.toString("base64url"),
        "A".repeat(64)
      ]) {
        const { problem } = yield* refusal([400, "validation_failed"], "GET", `/v1/products?cursor=${cursor}`)
        assert.deepStrictEqual(fieldsOf(problem), ["query /cursor invalid_cursor"])
      }
    })
  )

  it.effect("of one list is none of another", () =>
    Effect.gen(function* () {
      const { headers } = yield* member
      const { next_cursor: cursor } = json(yield* send("GET", "/v1/products?limit=1"))
      const { problem } = yield* refusal([400, "validation_failed"], "GET", `/v1/orders?cursor=${cursor}`, { headers })
      assert.deepStrictEqual(fieldsOf(problem), ["query /cursor invalid_cursor"])
    })
  )
})
