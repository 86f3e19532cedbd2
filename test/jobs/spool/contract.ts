/** What every spool does, wherever it keeps its entries. */
import { assert, layer } from "@effect/vitest"
import { Effect, type Layer, Option } from "effect"
import type { SpoolFull, SpoolUnavailable } from "../../../src/jobs/spool/errors.ts"
import { Spool } from "../../../src/jobs/spool/Spool.ts"
import type { SpoolLimits } from "../../../src/jobs/spool/spoolLimits.ts"
import { at, entry } from "./entries.ts"

/** Small enough to be reached. */
export const tight: SpoolLimits = { entries: 8, bytes: 4_000, ofOne: { order: 3, sign_up: 4 } }

export const spoolContract = <E>(name: string, spools: (limits: SpoolLimits) => Layer.Layer<Spool, E>) => {
  const full = (limit: string) => (error: SpoolFull | SpoolUnavailable) =>
    assert.deepStrictEqual([error._tag, "limit" in error ? error.limit : error.reason], ["SpoolFull", limit])

  layer(spools({ ...tight, entries: 100, bytes: 100_000 }))(`a spool, ${name}`, (it) => {
    it.effect("keeps an entry as it was until it is removed", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        const given = entry("kept", {
          quotedTotal: undefined,
          payload: { name: "Ädä 🫖", nested: { list: [1, null, true] } }
        })
        assert.deepStrictEqual(yield* spool.put(given), { _tag: "Kept", entry: given, replayed: false })
        assert.deepStrictEqual(yield* spool.find("kept"), Option.some(given))
        yield* spool.remove("kept")
        yield* spool.remove("kept")
        assert.deepStrictEqual(yield* spool.find("kept"), Option.none())
      })
    )

    it.effect("keeps one entry an id, as it was first", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        const first = entry("twice")
        yield* spool.put(first)
        const again = yield* spool.put(entry("twice", { acceptedAt: at(5), acceptUntil: at(65) }))
        assert.deepStrictEqual(again, { _tag: "Kept", entry: first, replayed: true })
      })
    )

    it.effect("refuses another wish under a key that its account has used", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        const one = { account: "usr_keys", key: "the-key" }
        yield* spool.put(entry("wish-1", one))
        assert.deepStrictEqual(yield* spool.put(entry("wish-2", one)), { _tag: "KeyTaken" })
        for (const other of [
          { ...one, account: "usr_other" },
          { ...one, kind: "sign_up" as const }
        ]) {
          const put = yield* spool.put(entry(`wish-${JSON.stringify(other)}`, other))
          assert.strictEqual(put._tag, "Kept")
        }
      })
    )

    it.effect("takes many at once, and loses none", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        const ids = Array.from({ length: 40 }, (_, n) => `many-${n}`)
        yield* Effect.forEach(ids, (id) => spool.put(entry(id)), { concurrency: "unbounded" })
        const found = yield* Effect.forEach(ids, spool.find, { concurrency: "unbounded" })
        assert.isTrue(found.every(Option.isSome))
      })
    )
  })

  layer(spools(tight))(`what waits in a spool, ${name}`, (it) => {
    it.effect("is told oldest first, and counted", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        assert.deepStrictEqual(yield* spool.oldest(10), [])
        for (const minute of [1, 2, 3]) yield* spool.put(entry(`at-${minute}`, { acceptedAt: at(minute) }))
        assert.deepStrictEqual(
          (yield* spool.oldest(2)).map(({ id }) => id),
          ["at-1", "at-2"]
        )
        yield* spool.remove("at-1")
        const snapshot = yield* spool.snapshot
        assert.deepInclude(snapshot, { usable: true, depth: 2, oldestAt: at(2) })
        assert.isAbove(snapshot.bytes, 100)
        for (const left of ["at-2", "at-3"]) yield* spool.remove(left)
        assert.deepStrictEqual(yield* spool.snapshot, { usable: true, depth: 0, bytes: 0, oldestAt: undefined })
      })
    )
  })

  layer(spools(tight))(`a spool that is full, ${name}`, (it) => {
    it.effect("takes no more of one account, and others all the same", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        for (const n of [1, 2, 3]) yield* spool.put(entry(`mine-${n}`, { account: "usr_mine" }))
        full("account")(yield* Effect.flip(spool.put(entry("mine-4", { account: "usr_mine" }))))
        const again = yield* spool.put(entry("mine-1", { account: "usr_mine" }))
        assert.isTrue(again._tag === "Kept" && again.replayed)
        yield* spool.put(entry("other-1"))
      })
    )

    it.effect("takes no more than so many bytes", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        full("bytes")(yield* Effect.flip(spool.put(entry("large", { payload: { text: "x".repeat(4_000) } }))))
        assert.strictEqual((yield* spool.snapshot).usable, true)
      })
    )

    it.effect("takes no more than so many, says so, and takes one again for one that goes", () =>
      Effect.gen(function* () {
        const spool = yield* Spool
        for (const n of [2, 3, 4, 5]) yield* spool.put(entry(`other-${n}`))
        assert.deepInclude(yield* spool.snapshot, { usable: false, depth: tight.entries })
        full("entries")(yield* Effect.flip(spool.put(entry("one-too-many"))))
        yield* spool.remove("other-2")
        assert.strictEqual((yield* spool.put(entry("one-too-many")))._tag, "Kept")
      })
    )
  })
}
