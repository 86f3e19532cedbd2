/**
 * `npm run test:browser`: the operators' page of the running system, driven by a browser.
 *
 *     npm run test:browser -- [--pictures]
 *
 * Starts a shop of its own, as `npm start` does, and ends it. Exits 1 when the page is not as it must be; 0, and says so,
 * where there is no browser and none can be had. It is over in a minute and a half at most.
 */
import { NodeCrypto } from "@effect/platform-node"
import { Cause, Effect, Layer, References } from "effect"
import { parseArgs } from "node:util"
import { temporaryFolder } from "../database/privateCluster.ts"
import { startShop } from "../main/process.ts"
import { openBrowser } from "./Browser.ts"
import { businessFor } from "./pictures.ts"
import { night } from "./story.ts"

const { values } = parseArgs({ options: { help: { type: "boolean" }, pictures: { type: "boolean", default: false } } })

const help = `npm run test:browser [-- options]

Drives the operators' page of a shop of its own with Chromium (CHROMIUM names another one).
--pictures  also takes the pictures of docs/pictures, after some minutes of business
Exits 1 when the page is not as it must be, 0 when there is no browser to be had.`

const say = (line: string) => Effect.sync(() => void process.stdout.write(`${line}\n`))
const within = values.pictures ? "8 minutes" : "90 seconds"

const run = Effect.gen(function* () {
  const browser = yield* openBrowser
  if (browser === undefined) {
    yield* say("skipped: no browser")
    return 0
  }
  yield* say(`Chromium ${browser.version()}`)
  const dataDir = yield* temporaryFolder
  const shop = yield* (yield* startShop({ env: { DATA_DIR: dataDir } })).ready
  yield* night({ browser, shop, dataDir, say, pictures: values.pictures ? businessFor(3) : undefined })
  return 0
}).pipe(
  Effect.scoped,
  Effect.timeoutOrElse({ duration: within, orElse: () => Effect.as(say(`✗ not over within ${within}`), 1) }),
  Effect.catchCause((cause) => Effect.as(say(`✗ ${Cause.pretty(cause)}`), 1)),
  Effect.provide(Layer.merge(NodeCrypto.layer, Layer.succeed(References.MinimumLogLevel, "None")))
)

if (values.help === true) {
  process.stdout.write(`${help}\n`)
} else {
  process.exitCode = await Effect.runPromise(run)
}
