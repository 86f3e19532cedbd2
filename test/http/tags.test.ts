/** Who has an answer already is not sent it again; and every list names the page behind it. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { type Answer, json, member, newKey, openDoor, send } from "./door.ts"

layer(openDoor, { excludeTestServices: true })("an answer with a weak tag", (it) => {
  it.effect("is not sent again to who names its tag, however it is written", () =>
    Effect.gen(function* () {
      const who = yield* member
      const id = json(yield* send("GET", "/v1/products?limit=1")).data[0].id
      for (const path of ["/v1/products", `/v1/products/${id}`, "/v1/users/me", `/v1/users/${who.id}`]) {
        const first = yield* send("GET", path, who)
        const tag = first.headers["etag"] ?? ""
        assert.match(tag, /^W\/"[\w-]{22}"$/)
        for (const named of [tag, tag.slice(2), `"other", ${tag}`, "*"]) {
          const headers = { ...who.headers, "if-none-match": named }
          const again = yield* send("GET", path, { headers })
          assert.deepStrictEqual([again.status, again.text, again.headers["etag"]], [304, "", tag], path)
          assert.strictEqual(again.headers["cache-control"], first.headers["cache-control"])
          assert.match(again.headers["request-id"] ?? "", /^req_/)
        }
        for (const named of ['"other"', tag.slice(0, -2), ",", ""]) {
          const headers = { ...who.headers, "if-none-match": named }
          assert.strictEqual((yield* send("GET", path, { headers })).status, 200)
        }
      }
    })
  )

  it.effect("may be kept by anybody if it is the catalogue, and by nobody if it is about somebody", () =>
    Effect.gen(function* () {
      const who = yield* member
      const cached = (path: string) => Effect.map(send("GET", path, who), ({ headers }) => headers["cache-control"])
      const id = json(yield* send("GET", "/v1/products?limit=1")).data[0].id
      assert.strictEqual(yield* cached("/v1/products"), "public, no-cache")
      assert.strictEqual(yield* cached(`/v1/products/${id}`), "public, no-cache")
      for (const path of ["/v1/users/me", "/v1/orders", `/v1/products/${id}/stock`]) {
        assert.strictEqual(yield* cached(path), "no-store", path)
      }
    })
  )

  it.effect("is another for another page", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* send("GET", "/v1/products?limit=1"), yield* send("GET", "/v1/products?limit=2")]
      assert.notStrictEqual(one.headers["etag"], two.headers["etag"])
    })
  )
})

layer(openDoor, { excludeTestServices: true })("a list", (it) => {
  it.effect("links to the page behind it until there is none", () =>
    Effect.gen(function* () {
      const who = yield* member
      const body = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
      for (const _ of [1, 2, 3]) {
        yield* send("POST", "/v1/orders", { headers: { ...who.headers, ...newKey(), prefer: "wait=0" }, body })
      }
      for (const list of ["/v1/orders", "/v1/products"]) {
        const seen: Array<string> = []
        let path: string | undefined = `${list}?limit=2`
        while (path !== undefined && seen.length < 100) {
          const answer: Answer = yield* send("GET", path, who)
          assert.strictEqual(answer.status, 200, answer.text)
          const { data, has_more, next_cursor } = json(answer)
          seen.push(...data.map(({ id }: { readonly id: string }) => id))
          const link: string | undefined = /^<([^>]+)>; rel="next"$/.exec(answer.headers["link"] ?? "")?.[1]
          assert.strictEqual(link !== undefined, has_more)
          assert.strictEqual(link, has_more ? `${list}?limit=2&cursor=${next_cursor}` : undefined)
          path = link
        }
        assert.isAbove(seen.length, 2)
        assert.strictEqual(new Set(seen).size, seen.length)
      }
    })
  )
})
