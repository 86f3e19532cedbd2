/** Hundreds of log ins at once: few are hashed, some wait, the rest is told to come back, and nobody else notices. */
import { NodeCrypto } from "@effect/platform-node"
import { assert, layer } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Fiber, Layer, Schedule } from "effect"
import * as Kdf from "effect/crypto/Kdf"
import { Shop } from "../../src/testing/index.ts"
import { HashingLimits } from "../../src/users/hashingBulkhead.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { doorOver, newKey, member, refusal, send } from "./door.ts"

const limits: HashingLimits = { atOnce: 2, waiting: 40, wait: Duration.seconds(10), wrongAfter: Duration.zero }
/** Many more than the door works on at once and than wait in its line; so are those that stay. */
const storm = 150
/** Of so many people: who logs in to one account more than ten times at once is told so, and that is another story. */
const people = 16

/** Every hash of a log in goes on until it is let go. */
class Cores extends Context.Service<
  Cores,
  { begun: number; running: number; most: number; slow: boolean; readonly done: Deferred.Deferred<void> }
>()("holdfast/test/Cores") {
  static readonly layer = Layer.effect(
    Cores,
    Effect.map(Deferred.make<void>(), (done) => ({ begun: 0, running: 0, most: 0, slow: false, done }))
  )
}

const kdf = Layer.effect(
  Kdf.Kdf,
  Effect.map(Cores, (cores) => ({
    derive: (_algorithm, _secret, { length }) =>
      Effect.suspend(() => {
        cores.begun++
        cores.most = Math.max(cores.most, ++cores.running)
        return Deferred.await(cores.done).pipe(
          Effect.as(new Uint8Array(length)),
          Effect.ensuring(Effect.sync(() => cores.running--))
        )
      })
  }))
)

const hashing = Layer.effect(
  Sessions,
  Effect.gen(function* () {
    const [cores, passwords, sessions] = [yield* Cores, yield* Passwords, yield* Sessions]
    return Sessions.of({
      ...sessions,
      logIn: (who) =>
        cores.slow
          ? Effect.andThen(passwords.verify(who.password, undefined), sessions.logIn(who))
          : sessions.logIn(who)
    })
  })
).pipe(
  Layer.provide(Passwords.layer),
  Layer.provide([kdf, NodeCrypto.layerSecureRandom, Layer.succeed(HashingLimits, limits)]),
  Layer.provideMerge(Layer.merge(Shop.layerMemory, Cores.layer))
)

layer(doorOver(hashing), { excludeTestServices: true })("a storm of log ins", (it) => {
  it.effect("hashes as many as it may, keeps a few waiting, and takes no room from anybody else", () =>
    Effect.gen(function* () {
      const cores = yield* Cores
      const members = yield* Effect.replicateEffect(member, people)
      const [{ email, headers, password } = yield* member] = members
      cores.slow = true
      const statuses: Array<number> = []
      const logIn = (who = { email, password }) =>
        Effect.map(
          send("POST", "/v1/sessions", { body: { email: who.email, password: who.password } }),
          ({ status }) => void statuses.push(status)
        )
      const storming = yield* Effect.forEach(Array.from({ length: storm }), (_, n) =>
        Effect.forkChild(logIn(members[n % people]))
      )
      const stays = limits.atOnce + limits.waiting
      yield* Effect.repeat(
        Effect.sync(() => statuses.length),
        { until: (answered) => answered === storm - stays, schedule: Schedule.spaced("10 millis") }
      )
      assert.deepStrictEqual([...new Set(statuses)], [503])
      yield* refusal([503, "overloaded"], "POST", "/v1/sessions", { body: { email, password } })
      assert.deepStrictEqual([cores.begun, cores.most], [limits.atOnce, limits.atOnce])

      const others = yield* Effect.forEach(
        Array.from({ length: 30 }),
        () =>
          Effect.zipWith(
            send("GET", "/v1/products?limit=1"),
            send("POST", "/v1/orders", {
              headers: { ...headers, ...newKey(), prefer: "wait=0" },
              body: { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }
            }),
            (read, order) => [read.status, order.status < 300]
          ),
        { concurrency: 10 }
      )
      assert.isTrue(others.every(([read, ordered]) => read === 200 && ordered === true))

      yield* Deferred.succeed(cores.done, undefined)
      yield* Fiber.joinAll(storming)
      assert.strictEqual(statuses.filter((status) => status === 201).length, stays)
      assert.deepStrictEqual([cores.begun, cores.most], [stays, limits.atOnce])
    })
  )
})
