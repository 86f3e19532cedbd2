/** What an outsider, a log, a trace or a stolen table can learn about accounts: nothing that they should not. */
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import { assert, layer } from "@effect/vitest"
import { Cause, Context, Duration, Effect, Exit, Layer, Logger, Redacted, References, Tracer } from "effect"
import * as Kdf from "effect/crypto/Kdf"
import { inspect } from "node:util"
import { Database } from "../../src/database/Database.ts"
import { Jobs } from "../../src/jobs/Jobs.ts"
import { KillSwitches } from "../../src/resilience/index.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { Email } from "../../src/users/Email.ts"
import { HashingLimits } from "../../src/users/hashingBulkhead.ts"
import { Passwords } from "../../src/users/Passwords.ts"
import { Revocations } from "../../src/users/Revocations.ts"
import { Sessions } from "../../src/users/Sessions.ts"
import { Tokens } from "../../src/users/Tokens.ts"
import { Users } from "../../src/users/Users.ts"
import { TestDatabase } from "../database/testDatabase.ts"

/** What the services did, in order: statements by name, and hashes. */
class Work extends Context.Service<Work, Array<string>>()("holdfast/test/Work") {
  static readonly layer = Layer.sync(Work, () => [])
}

const watchedDatabase = Layer.effect(
  Database,
  Effect.gen(function* () {
    const [work, database] = [yield* Work, yield* Database]
    const query: Database["Service"]["query"] = (name, body) => {
      work.push(name)
      return database.query(name, body)
    }
    const read: Database["Service"]["read"] = (name, body) => {
      work.push(name)
      return database.read(name, body)
    }
    const transaction: Database["Service"]["transaction"] = (name, body) => {
      work.push(name)
      return database.transaction(name, body)
    }
    return { ...database, query, read, transaction }
  })
).pipe(Layer.provide(TestDatabase.layer))

const watchedHashing = Layer.effect(
  Kdf.Kdf,
  Effect.gen(function* () {
    const [work, kdf] = [yield* Work, yield* Kdf.Kdf]
    const derive: Kdf.Kdf["Service"]["derive"] = (algorithm, secret, options) => {
      if (algorithm._tag === "Argon2id") work.push(`argon2id ${algorithm.memory}/${algorithm.passes}`)
      return kdf.derive(algorithm, secret, options)
    }
    return { derive }
  })
).pipe(Layer.provide(NodeCrypto.layerKdf))

const accounts = Layer.mergeAll(Users.layer, Sessions.layer).pipe(
  Layer.provide([Jobs.layerMemory, KillSwitches.layerMemory, Revocations.layerUnknown, Passwords.layer, Tokens.layer]),
  Layer.provide([AppSecret.layerMemory, NodeCrypto.layerSecureRandom, NodeCrypto.layerMac, NodeCrypto.layerDigest]),
  // Hashes take real time, and the clock stands still: what is wrong is told at once.
  Layer.provide([
    watchedHashing,
    Layer.succeed(HashingLimits, { ...HashingLimits.defaultValue(), wrongAfter: Duration.zero })
  ]),
  Layer.provideMerge(watchedDatabase),
  Layer.provideMerge(Work.layer)
)

const person = (canary: string) => ({
  email: Email.make(`${canary}@example.com`),
  password: Redacted.make(`${canary}-password`),
  name: `${canary} Lovelace`
})

layer(accounts)("a failed log in", (it) => {
  it.effect(
    "does the same work for an unknown address as for a wrong password: one hash, and the same reads and writes",
    () =>
      Effect.gen(function* () {
        const [users, sessions, work] = [yield* Users, yield* Sessions, yield* Work]
        const known = person("known")
        yield* users.signUp(known)
        const workOf = (email: Email) =>
          Effect.gen(function* () {
            work.length = 0
            yield* Effect.flip(sessions.logIn({ email, password: Redacted.make("a wrong password") }))
            return [...work]
          })
        const wrong = yield* workOf(known.email)
        assert.deepStrictEqual(wrong, [
          "log_in_attempts.change",
          "users.credentials",
          "argon2id 19456/2",
          "log_in_attempts.change"
        ])
        assert.deepStrictEqual(yield* workOf(Email.make("unknown@example.com")), wrong)
      })
  )

  it.effect("leaves an old hash alone, and a right password replaces it by one with our parameters", () =>
    Effect.gen(function* () {
      const [users, sessions, work, database] = [yield* Users, yield* Sessions, yield* Work, yield* Database]
      const { id } = yield* users.signUp({ ...person("ancient"), email: Email.make("ancient@example.com") })
      // "password", hashed with 256 KiB.
      const old = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
      yield* database.query("test.age", (sql) => sql`update users set password = ${old} where id = ${id}`)
      const logIn = (password: string) =>
        sessions.logIn({ email: Email.make("ancient@example.com"), password: Redacted.make(password) })
      yield* Effect.flip(logIn("not it"))
      yield* logIn("password")
      work.length = 0
      yield* logIn("password")
      assert.deepStrictEqual(work, [
        "log_in_attempts.change",
        "users.credentials",
        "argon2id 19456/2",
        "log_in_attempts.change",
        "sessions.insert"
      ])
    })
  )
})

layer(accounts)("addresses, names, passwords and tokens", (it) => {
  it.effect("reach no log, no trace and no error", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const show = (value: unknown) => seen.push(inspect(value, { depth: 12, showHidden: false }))
      const logger = Logger.make((entry) => {
        show([entry.message, Cause.pretty(entry.cause), entry.fiber.getRef(References.CurrentLogAnnotations)])
      })
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const [users, sessions] = [yield* Users, yield* Sessions]
      const who = person("canary")
      const tokens: Array<string> = []

      yield* Effect.gen(function* () {
        const user = yield* users.signUp(who)
        const session = yield* sessions.logIn(who)
        tokens.push(Redacted.value(session.token))
        yield* Effect.log("logged in", session)
        const { sessionId } = yield* sessions.authenticate(session.token)
        yield* sessions.logOut(sessionId)
        const failing: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          users.signUp(who),
          sessions.logIn({ ...who, password: Redacted.make("canary-wrong") }),
          sessions.logIn(person("canary-nobody")),
          sessions.authenticate(session.token),
          sessions.authenticate(Redacted.make("sess_canary.canary"))
        ]
        for (const effect of failing) {
          const exit = yield* Effect.exit(Effect.tapCause(effect, (cause) => Effect.logError("failed", cause)))
          assert.strictEqual(exit._tag, "Failure")
          show(exit)
          seen.push(JSON.stringify(exit))
        }
        yield* sessions.logOutEverywhere(user.id)
      }).pipe(
        Effect.provide(Logger.layer([logger])),
        Effect.provideService(References.MinimumLogLevel, "Trace"),
        Effect.withTracer(tracer)
      )

      for (const { name, attributes, events, status } of spans) {
        // What an exporter sends: of a success nothing, of a failure its text.
        const failure = status._tag === "Ended" && Exit.isFailure(status.exit) ? Cause.pretty(status.exit.cause) : ""
        show([name, attributes, events, failure])
      }
      const everything = seen.join("\n")
      assert.include(everything, "Sessions.logIn")
      assert.include(everything, "EmailTaken")
      for (const secret of ["canary", "Lovelace", ...tokens]) assert.notInclude(everything, secret)
    })
  )

  it.effect("are not stored where they need not be: no token and no password is in the tables", () =>
    Effect.gen(function* () {
      const [users, sessions, database] = [yield* Users, yield* Sessions, yield* Database]
      const who = person("stored")
      yield* users.signUp(who)
      const token = Redacted.value((yield* sessions.logIn(who)).token)
      const rows = yield* database.query(
        "test.dump",
        (sql) => sql<{ readonly row: string }>`
          select users::text as row from users union all select sessions::text from sessions`
      )
      const dump = rows.map(({ row }) => row).join("\n")
      assert.include(dump, "$argon2id$")
      for (const part of [...token.split("."), token, "stored-password"]) {
        if (part.length > 30 && !part.startsWith("ses_") && !part.startsWith("usr_")) assert.notInclude(dump, part)
      }
    })
  )
})
