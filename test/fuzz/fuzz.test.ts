/** A few hundred requests of `npm run fuzz`, against the door over the shop in memory; HTTP_SEED repeats them. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { OpenApi } from "effect/http-api"
import { Api } from "../../src/http/Api.ts"
import { Door, member, openDoor, send, Written } from "../http/door.ts"
import { tracesIn } from "./canaries.ts"
import type { Document } from "./document.ts"
import { asText, walk } from "./walk.ts"

const seed = Number(process.env["HTTP_SEED"] ?? Date.now() % 1_000_000)
const requests = 700

layer(openDoor, { excludeTestServices: true })("what the API's document allows, and what it does not", (it) => {
  it.effect(
    `is answered as the contract says, and nothing entrusted to it is in the log (seed ${seed})`,
    () =>
      Effect.gen(function* () {
        const { port } = yield* Door
        const [one, other, spare] = [yield* member, yield* member, yield* member]
        const url = `http://127.0.0.1:${port}`
        const document = OpenApi.fromApi(Api) as unknown as Document
        const tokens = { lasting: [one.token, other.token], spare: spare.token }
        const { breaches, statuses } = yield* walk({ url, document, tokens, seed, requests, concurrency: 8 })
        assert.deepStrictEqual(breaches.map(asText(url)), [])
        for (const status of [200, 201, 400, 401, 404, 405])
          assert.isTrue(statuses.has(status), `no ${status} in the sample`)
        assert.deepStrictEqual(
          (yield* Written).filter((line) => tracesIn(line).length > 0),
          []
        )
        assert.strictEqual((yield* send("GET", "/livez")).status, 200)
      }),
    60_000
  )
})
