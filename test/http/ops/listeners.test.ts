/** Who is told what changes, and how many at once. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { send } from "../door.ts"
import { listening } from "./listening.ts"
import { opsNode } from "./opsNode.ts"

const bearer = Effect.succeed({ authorization: "Bearer token-of-vic" })
const cookie = Effect.gen(function* () {
  const form = { "content-type": "application/x-www-form-urlencoded" }
  const { headers } = yield* send("POST", "/ops/login", { headers: form, body: "token=token-of-vic" })
  return { cookie: (headers["set-cookie"] ?? "").split(";")[0] ?? "" }
})
const twenty = { times: 19 }

layer(opsNode, { excludeTestServices: true })("what changes", (it) => {
  it.effect.each([["/ops/api/tail", bearer] as const, ["/ops/api/stream", cookie] as const])(
    "is told to twenty at once, of whom a HEAD is none: %s",
    ([path, signedIn]) =>
      Effect.gen(function* () {
        const headers = yield* signedIn
        const { headers: head, status } = yield* send("HEAD", path, { headers })
        assert.deepStrictEqual([status, head["content-type"]], [200, "text/event-stream"])
        yield* Effect.repeat(send("HEAD", path, { headers }), twenty)
        const one = yield* listening(path, headers)
        assert.match(one.first, /^data: \{.+\}\n\n$/)
        yield* Effect.forEach(Array(19), () => listening(path, headers), { concurrency: "unbounded" })
        assert.strictEqual((yield* send("GET", path, { headers })).status, 204)
        yield* one.leave
        const next = yield* Effect.repeat(listening(path, headers), { until: ({ status }) => status === 200 })
        assert.match(next.first, /^data: /)
      })
  )
})
