/**
 * Circuits that all nodes hear of: when one node finds a provider down, the others do not find out for themselves.
 *
 * A node tells that its circuit has opened, and for how long. Another whose circuit is closed opens it for as long, its
 * own policy's time at the most, and then judges by a probe of its own. Only the first opening is told, not those after
 * a probe that failed: so a node that is alone in not reaching a provider costs the others one pause, not an outage. What
 * a node sees itself always counts; nothing is told when Redis is away.
 */
import { Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { Redis } from "effect/persistence"
import { Dependencies } from "../../resilience/index.ts"
import { sharedCircuits as shared } from "./policy.ts"

const channel = "holdfast:circuits"
const Told = Schema.Struct({
  node: Schema.String,
  dependency: Schema.Literals(shared),
  openMillis: Schema.Finite
})
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Told))

/** Built after the dependencies that it is about. */
export const sharedCircuits = Layer.effectDiscard(
  Effect.gen(function* () {
    const redis = yield* Redis.Redis
    const dependencies = yield* Dependencies
    const node = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV4())

    for (const name of shared) {
      const dependency = dependencies.find(name)
      if (dependency === undefined) continue
      const tell = Effect.gen(function* () {
        const { retryAfterMillis: openMillis } = yield* dependency.snapshot
        const told = yield* Effect.exit(
          redis.send("PUBLISH", channel, JSON.stringify({ node, dependency: name, openMillis }))
        )
        if (told._tag === "Success") yield* Effect.logInfo("other nodes are told of a circuit", { dependency: name })
      })
      yield* Effect.forkScoped(
        Stream.runForEach(dependency.events, (event) =>
          event.event === "OnCircuitOpened" && event.from === "closed" && event.cause === "calls" ? tell : Effect.void
        )
      )
    }

    const heard = yield* redis.subscribe(channel)
    const listen = Effect.gen(function* () {
      const { message } = yield* Queue.take(heard)
      const told = Option.getOrUndefined(decode(message))
      if (told === undefined || told.node === node) return
      yield* dependencies.find(told.dependency)?.circuit.hear(told.openMillis) ?? Effect.void
    })
    yield* Effect.forkScoped(Effect.exit(Effect.forever(listen)))
  })
)
