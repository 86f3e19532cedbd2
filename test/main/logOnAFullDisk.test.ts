/** The disk that the log goes to is full: the shop starts, answers, and ends as ever. */
import { expect, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { temporaryFolder } from "../database/privateCluster.ts"
import { eventually } from "../eventually.ts"
import { request } from "./client.ts"
import { freePort } from "./freePort.ts"
import { nodeFlags, otherProvider, startShop } from "./process.ts"

/** Lines of requests are written five times a second, together. */
const untilTheNextLine = Effect.delay("250 millis")

layer(Layer.empty, { excludeTestServices: true })("a shop whose log finds no room", (it) => {
  it.effect(
    "answers, and ends with 0",
    () =>
      Effect.gen(function* () {
        const port = yield* freePort
        const shop = yield* startShop({
          env: { ...otherProvider, DATA_DIR: yield* temporaryFolder, PORT: String(port), ACCESS_LOG: "on" },
          // Whatever is written there fails for want of room.
          command: ["/bin/sh", "-c", 'exec "$@" >/dev/full', "sh", process.execPath, ...nodeFlags, "src/main.ts"]
        })
        const url = `http://127.0.0.1:${port}`
        const ready = yield* eventually(request(`${url}/readyz`), (answer) => answer?.status === 200, {
          within: "30 seconds"
        })
        expect(ready?.status).toBe(200)
        const answers = yield* Effect.replicateEffect(untilTheNextLine(request(`${url}/nowhere`)), 5)
        expect(answers.map((answer) => answer?.status)).toEqual([404, 404, 404, 404, 404])
        yield* shop.signal("SIGTERM")
        expect((yield* shop.ended).code).toBe(0)
      }),
    60_000
  )
})
