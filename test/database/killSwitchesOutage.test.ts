/** Operators' orders while the database is away, or takes no writes: in force here at once, stored when it is back. */
import { describe, expect, layer } from "@effect/vitest"
import { Clock, Context, Effect, Fiber, Layer, Logger, Schedule, type Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { Database } from "../../src/database/Database.ts"
import { KillSwitchesPostgres } from "../../src/database/KillSwitchesPostgres.ts"
import { Migrations } from "../../src/database/Migrations.ts"
import { KillSwitches, type Override } from "../../src/resilience/index.ts"
import { PrivateCluster, takingNoWrites } from "./privateCluster.ts"
import { realClock } from "./testDatabase.ts"

const order = { actor: "ada", reason: "drill" }
const often = Schedule.spaced("10 millis")
const limits = {
  statementMillis: 200,
  lockMillis: 100,
  silenceMillis: 400,
  callMillis: 600,
  connectMillis: 300,
  pingMillis: 200
}
type Switches = KillSwitches["Service"]

const migrated = Layer.effectDiscard(
  Effect.flatMap(PrivateCluster, ({ url }) => Migrations.migrate({ url, mode: "auto", onProgress: () => Effect.void }))
).pipe(Layer.provideMerge(PrivateCluster.layer), Layer.provide(realClock))

const node = Effect.gen(function* () {
  const { url } = yield* PrivateCluster
  const services = yield* Layer.build(
    Layer.fresh(KillSwitchesPostgres.layer).pipe(
      Layer.provideMerge(Database.layer({ url, ...limits })),
      Layer.provide([SecureRandom.layerWebCrypto, Logger.layer([])])
    )
  )
  return { switches: Context.get(services, KillSwitches), database: Context.get(services, Database) }
})

const state = (switches: Switches, target: string) =>
  Effect.map(Clock.currentTimeMillis, (now) => switches.active(target, now)[0])
const until = (switches: Switches, target: string, wanted: Pick<Override, "actor" | "persisted"> | undefined) =>
  Effect.repeat(state(switches, target), {
    until: (is) => is?.actor === wanted?.actor && is?.persisted === wanted?.persisted,
    schedule: often
  })

const away = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.flatMap(PrivateCluster, ({ freeze }) => Effect.andThen(freeze, body)))

layer(migrated)((it) => {
  const test = <A, E>(title: string, body: () => Effect.Effect<A, E, PrivateCluster | Scope.Scope>) =>
    it.effect(title, () => Effect.provide(Effect.scoped(body()), realClock))

  describe("while the database is away", () => {
    test("an order is in force at once where it was given, is marked, and is stored later", () =>
      Effect.gen(function* () {
        const [one, two] = [yield* node, yield* node]
        yield* away(
          Effect.gen(function* () {
            const setting = yield* Effect.forkScoped(one.switches.set("email", "off", order), {
              startImmediately: true
            })
            expect(yield* state(one.switches, "email")).toMatchObject({ ...order, persisted: false })
            const started = performance.now()
            expect(yield* Fiber.join(setting)).toMatchObject({ persisted: false })
            expect(performance.now() - started).toBeLessThan(2_000)
            expect(yield* state(two.switches, "email")).toBeUndefined()
          })
        )
        yield* until(one.switches, "email", { actor: "ada", persisted: true })
        yield* until(two.switches, "email", { actor: "ada", persisted: true })
      }))

    test("every node keeps what it saw last, and ends what is over by itself", () =>
      Effect.gen(function* () {
        const { switches } = yield* node
        yield* switches.set("lasting", "off", order)
        yield* switches.set("brief", "off", { ...order, expiresIn: "1 second" })
        yield* away(
          Effect.gen(function* () {
            expect(yield* state(switches, "brief")).toMatchObject(order)
            yield* until(switches, "brief", undefined)
            expect(yield* state(switches, "lasting")).toMatchObject({ ...order, persisted: true })
          })
        )
      }))

    test("an order is ended at once where that was said, and later everywhere", () =>
      Effect.gen(function* () {
        const [one, two] = [yield* node, yield* node]
        yield* one.switches.set("ending", "off", order)
        yield* until(two.switches, "ending", { actor: "ada", persisted: true })
        yield* away(
          Effect.gen(function* () {
            yield* one.switches.clear("ending", "off", order)
            expect(yield* state(one.switches, "ending")).toBeUndefined()
            expect(yield* state(two.switches, "ending")).toBeDefined()
          })
        )
        yield* until(two.switches, "ending", undefined)
        expect(yield* state(one.switches, "ending")).toBeUndefined()
      }))
  })

  describe("while the database takes no writes", () => {
    test("a node starts, though there is something to be written down", () =>
      Effect.gen(function* () {
        const { database } = yield* node
        yield* database.query(
          "test.over",
          (sql) => sql`
            insert into kill_switches (target, kind, state, actor, reason, decided_at, expires_at)
            values ('over', 'off', 'in_force', 'ada', 'drill', now() - interval '1 hour', now() + interval '100 hours')`
        )
        yield* takingNoWrites(database)
        yield* database.transaction("test.age", (sql) =>
          Effect.andThen(
            sql`set transaction read write`,
            sql`update kill_switches set expires_at = now() - interval '1 second' where target = 'over'`
          )
        )
        const { switches } = yield* node
        expect(yield* state(switches, "over")).toBeUndefined()
      }))

    test("an order is in force where it was given, and what others stored is still read", () =>
      Effect.gen(function* () {
        const [one, two] = [yield* node, yield* node]
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* takingNoWrites(one.database)
            expect(yield* one.switches.set("half", "off", order)).toMatchObject({ persisted: false })
            // As another node stored it before.
            yield* two.database.transaction("test.stored", (sql) =>
              Effect.andThen(
                sql`set transaction read write`,
                sql`insert into kill_switches (target, kind, state, actor, reason, decided_at)
                    values ('stored', 'off', 'in_force', 'eve', 'drill', now())`
              )
            )
            yield* until(one.switches, "stored", { actor: "eve", persisted: true })
            expect(yield* state(one.switches, "half")).toMatchObject({ ...order, persisted: false })
          })
        )
        yield* until(two.switches, "half", { actor: "ada", persisted: true })
      }))
  })
})
