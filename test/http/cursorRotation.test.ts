/** Cursors over a change of the app's secret: who is in the middle of a list goes on. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted } from "effect"
import { Cursors } from "../../src/http/pages.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"

const secret = (name: string) => Redacted.make(`a secret for tests, long enough: ${name}`)
const cursors = (current: string, previous?: string) =>
  Cursors.layer.pipe(
    Layer.provide(
      Layer.succeed(AppSecret, {
        current: secret(current),
        previous: previous === undefined ? undefined : secret(previous)
      })
    ),
    Layer.provide(NodeCrypto.layer)
  )

const position = { createdAt: DateTime.makeUnsafe(1_000), id: "ord_1" }
const written = Effect.map(Cursors, (made) => made.write("orders", position))
const read = (cursor: string) => Effect.flatMap(Cursors, (made) => made.read("orders", { cursor }))

describe("a cursor", () => {
  it.effect("outlives the rotation of the secret while the old one is kept, and no longer", () =>
    Effect.gen(function* () {
      const cursor = yield* Effect.provide(written, cursors("old"))
      const kept = yield* Effect.provide(read(cursor), cursors("new", "old"))
      assert.deepStrictEqual(Option.getOrThrow(kept.after), position)
      const refused = yield* Effect.provide(Effect.flip(read(cursor)), cursors("new"))
      assert.strictEqual(refused._tag, "ValidationFailed")
    })
  )

  it.effect("is made under the new secret after a rotation", () =>
    Effect.gen(function* () {
      const cursor = yield* Effect.provide(written, cursors("new", "old"))
      const kept = yield* Effect.provide(read(cursor), cursors("new"))
      assert.deepStrictEqual(Option.getOrThrow(kept.after), position)
    })
  )
})
