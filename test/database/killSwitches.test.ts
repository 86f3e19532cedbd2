/** Operators' orders on several nodes over one database: who hears of them, when they end, and what is written down. */
import { describe, expect, layer } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Logger, Queue, type Redacted, Schedule, type Scope, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { Database } from "../../src/database/Database.ts"
import { KillSwitchesPostgres } from "../../src/database/KillSwitchesPostgres.ts"
import { Dependency, KillSwitches, whenEnabled } from "../../src/resilience/index.ts"
import { calm, once, working } from "../resilience/subjects.ts"
import { realClock, TestDatabaseUrl } from "./testDatabase.ts"

const order = { actor: "ada", reason: "drill" }
const often = Schedule.spaced("10 millis")
/** What is promised, and what a busy machine may add to it. */
const withinMillis = 1_000 + 2_000

type Switches = KillSwitches["Service"]

/** A node of its own, over the file's database. */
const node = (url: Redacted.Redacted) =>
  Layer.build(
    Layer.fresh(KillSwitchesPostgres.layer).pipe(
      Layer.provideMerge(Database.layer({ url, pingMillis: 5_000 })),
      Layer.provide(SecureRandom.layerWebCrypto)
    )
  )

/** Two nodes, and what they log. */
class Nodes extends Context.Service<
  Nodes,
  {
    readonly one: Switches
    readonly two: Switches
    readonly database: Database["Service"]
    readonly logged: ReadonlyArray<string>
  }
>()("holdfast/test/Nodes") {
  static readonly layer = Layer.effect(
    Nodes,
    Effect.gen(function* () {
      const logged: Array<string> = []
      const keeping = Logger.layer([Logger.make(({ message }) => void logged.push(JSON.stringify(message)))])
      const url = yield* TestDatabaseUrl
      const build = Effect.provide(node(url), keeping)
      const [one, two] = [yield* build, yield* build]
      return {
        one: Context.get(one, KillSwitches),
        two: Context.get(two, KillSwitches),
        database: Context.get(one, Database),
        logged
      }
    })
  ).pipe(Layer.provideMerge(TestDatabaseUrl.layer), Layer.provide(realClock))
}

const isOff = (switches: Switches, target: string) =>
  Effect.map(Clock.currentTimeMillis, (now) => switches.active(target, now).length > 0)
/** How long until the node has it so. */
const until = Effect.fnUntraced(function* (switches: Switches, target: string, off: boolean) {
  const started = performance.now()
  yield* Effect.repeat(isOff(switches, target), { until: (is) => is === off, schedule: often })
  return performance.now() - started
})

interface Audited {
  readonly change: string
  readonly actor: string
  readonly reason: string
  readonly effective: boolean
}
const audit = (database: Database["Service"], target: string) =>
  database.query(
    "test.audit",
    (sql) => sql<Audited>`
      select change, actor, reason, effective from kill_switch_audit where target = ${target} order by recorded_at`
  )

layer(Nodes.layer)((it) => {
  const test = <A, E>(title: string, body: () => Effect.Effect<A, E, Nodes | TestDatabaseUrl | Scope.Scope>) =>
    it.effect(title, () => Effect.provide(Effect.scoped(body()), realClock))

  describe("an order in PostgreSQL", () => {
    test("is in force on another node within a second, and so is its end", () =>
      Effect.gen(function* () {
        const { one, two } = yield* Nodes
        expect(yield* one.set("email", "off", order)).toMatchObject({ persisted: true })
        expect(yield* until(two, "email", true)).toBeLessThan(withinMillis)
        expect((yield* two.list)[0]).toMatchObject({ target: "email", kind: "off", ...order, persisted: true })
        yield* two.clear("email", "off", { actor: "bob", reason: "done" })
        expect(yield* until(one, "email", false)).toBeLessThan(withinMillis)
      }))

    test("reaches a node that no notification reaches", () =>
      Effect.gen(function* () {
        const { database, two } = yield* Nodes
        yield* database.query(
          "test.quiet",
          (sql) => sql`
            insert into kill_switches (target, kind, state, actor, reason, decided_at)
            values ('quiet', 'off', 'in_force', 'ada', 'drill', now())`
        )
        expect(yield* until(two, "quiet", true)).toBeLessThan(withinMillis)
      }))

    test("is known to a node from its start", () =>
      Effect.gen(function* () {
        const url = yield* TestDatabaseUrl
        const { one } = yield* Nodes
        yield* one.set("early", "forced_open", order)
        const late = yield* Effect.provide(KillSwitches, yield* node(url))
        expect(yield* isOff(late, "early")).toBe(true)
      }))

    test("switches the dependencies of every node", () =>
      Effect.gen(function* () {
        const { one, two } = yield* Nodes
        const dependency = yield* Effect.provideService(Dependency.make("mailer", calm), KillSwitches, two)
        yield* one.set("mailer", "off", order)
        yield* until(two, "mailer", true)
        expect(yield* Effect.flip(dependency.call(working, once))).toMatchObject({ reason: "DependencyDisabled" })
      }))

    test("of a feature refuses on the other node", () =>
      Effect.gen(function* () {
        const { one, two } = yield* Nodes
        yield* one.set("gifts", "off", { ...order, expiresIn: "1 hour" })
        yield* until(two, "gifts", true)
        const error = yield* Effect.flip(Effect.provideService(whenEnabled("gifts"), KillSwitches, two))
        expect(error).toMatchObject({ _tag: "FeatureDisabled", feature: "gifts" })
      }))

    test("keeps its end while it stands, though it is read again and again", () =>
      Effect.gen(function* () {
        const { one, two } = yield* Nodes
        let heard = 0
        yield* one.set("steady", "off", { ...order, expiresIn: "1 hour" })
        yield* until(two, "steady", true)
        yield* two.watch("steady", () => heard++)
        const before = yield* two.list
        yield* one.set("other", "off", order)
        yield* until(two, "other", true)
        expect(yield* two.list).toEqual(expect.arrayContaining([...before]))
        expect(heard).toBe(1)
      }))

    test("ends by the clock of the database, and that is written down", () =>
      Effect.gen(function* () {
        const { database, one } = yield* Nodes
        yield* one.set("brief", "off", { ...order, expiresIn: "1 hour" })
        yield* database.query(
          "test.age",
          (sql) => sql`update kill_switches set expires_at = now(), version = version + 1 where target = 'brief'`
        )
        expect(yield* until(one, "brief", false)).toBeLessThan(withinMillis)
        const changes = yield* Effect.repeat(audit(database, "brief"), {
          until: (rows) => rows.length === 2,
          schedule: often
        })
        expect(changes.map(({ actor, change }) => [change, actor])).toEqual([
          ["set", "ada"],
          ["expire", "holdfast"]
        ])
      }))

    test("leaves who did what and why, change by change", () =>
      Effect.gen(function* () {
        const { database, one } = yield* Nodes
        yield* one.set("told", "off", order)
        yield* one.set("told", "off", { actor: "bob", reason: "longer" })
        yield* one.clear("told", "off", { actor: "eve", reason: "done" })
        yield* one.clear("told", "off", { actor: "eve", reason: "twice" })
        expect(yield* audit(database, "told")).toEqual([
          { change: "set", ...order, effective: true },
          { change: "set", actor: "bob", reason: "longer", effective: true },
          { change: "clear", actor: "eve", reason: "done", effective: true }
        ])
      }))

    test("announces itself to whoever listens", () =>
      Effect.gen(function* () {
        const { database, one } = yield* Nodes
        const heard = yield* Queue.unbounded<string>()
        yield* Effect.forkScoped(
          Stream.runForEach(database.listen("kill_switches"), (name) => Queue.offer(heard, name))
        )
        yield* Effect.repeat(Effect.andThen(one.set("news", "off", order), Queue.poll(heard)), {
          until: (name) => name._tag === "Some" && name.value === "news",
          schedule: often
        })
      }))

    test("without an end is brought up once a day, by one node", () =>
      Effect.gen(function* () {
        const { database, logged, one, two } = yield* Nodes
        yield* one.set("long", "off", order)
        yield* until(two, "long", true)
        const lines = () => logged.filter((line) => line.includes("still in force") && line.includes("long"))
        yield* database.query(
          "test.age",
          (sql) => sql`update kill_switches set decided_at = now() - interval '25 hours' where target = 'long'`
        )
        yield* Effect.repeat(Effect.sync(lines), { until: (found) => found.length > 0, schedule: often })
        // Both nodes have looked again when an order of each has reached the other.
        yield* one.set("later", "off", order)
        yield* until(two, "later", true)
        yield* two.clear("later", "off", order)
        yield* until(one, "later", false)
        expect(lines()).toHaveLength(1)
      }))
  })
})
