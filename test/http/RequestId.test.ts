/** Ids of requests. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { RequestId } from "../../src/http/RequestId.ts"

it.effect("no two requests have the same id, however many there are", () =>
  Effect.gen(function* () {
    const { next, nextUnsafe } = yield* RequestId
    const ids = new Set([yield* next])
    for (let index = 0; index < 10_000; index++) ids.add(nextUnsafe())
    assert.strictEqual(ids.size, 10_001)
    for (const id of ids) assert.match(id, /^req_[0-9a-f]{32}$/)
  }).pipe(Effect.provide(RequestId.layer))
)
