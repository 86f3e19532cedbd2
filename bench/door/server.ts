/** The API over the shop in memory, as a process of its own: `node bench/door/server.ts bare | deadlines | whole | limited | full`. */
import { NodeCrypto, NodeRuntime } from "@effect/platform-node"
import { Duration, Effect, Layer } from "effect"
import { Admission } from "../../src/http/Admission.ts"
import { Deadlines } from "../../src/http/Deadlines.ts"
import { RateLimits } from "../../src/http/RateLimits.ts"
import { TrustedProxies } from "../../src/http/rates/clientAddress.ts"
import { listener, listeningUrl, openApi } from "../../src/http/Server.ts"
import { Health } from "../../src/ops/Health.ts"
import * as Logs from "../../src/telemetry/Logs.ts"
import { Shop } from "../../src/testing/index.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"

const health = Layer.succeed(Health, { report: Effect.succeed({ draining: false, checks: {} }), drain: Effect.void })

/** As many as are let in before anything is known; none of them ever ends. */
const crowd = 32

/** A node that is full for good: to see what a refusal costs. */
const refusing = Layer.effect(
  Admission,
  Effect.tap(Admission, (admission) =>
    Effect.sync(() => {
      for (let index = 0; index < crowd; index++) {
        admission
          .passFor({ priority: "default", about: "other", reads: true, hashes: false, tighter: undefined })
          ?.ask(() => undefined)
      }
    })
  )
).pipe(Layer.provide(Admission.layer))

const doors = {
  bare: Layer.merge(Admission.layerOpen, Deadlines.layerNone),
  deadlines: Layer.merge(Admission.layerOpen, Deadlines.layer),
  whole: Layer.merge(Admission.layer, Deadlines.layer),
  limited: Layer.merge(Admission.layer, Deadlines.layer),
  full: Layer.merge(refusing, Deadlines.layer)
}
const kind = (process.argv[2] ?? "whole") as keyof typeof doors

/** Behind a proxy, so that a benchmark can come from many addresses. */
const limits = Layer.provide(
  kind === "limited" ? RateLimits.layer : RateLimits.layerOff,
  Layer.succeed(TrustedProxies, ["127.0.0.1"])
)

const announced = Layer.effectDiscard(
  Effect.flatMap(listeningUrl, (url) => Effect.sync(() => void process.stdout.write(`${url}\n`)))
)

const server = announced.pipe(
  Layer.provideMerge(openApi),
  Layer.provide([doors[kind], limits, Shop.layerMemory, health]),
  Layer.provide(listener({ host: "127.0.0.1", port: 0, grace: Duration.zero })),
  Layer.provide([AppSecret.layerMemory, NodeCrypto.layer, Logs.layer({ level: "Error", format: "json" })])
)

/** Asked before and after, it tells what its answers cost. */
process.on("message", () => {
  const { system, user } = process.cpuUsage()
  process.send?.(system + user)
})

NodeRuntime.runMain(Layer.launch(server))
