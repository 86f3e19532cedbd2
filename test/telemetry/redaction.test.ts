/** What the logs make of texts, values and errors from outside: what they were about does not get through. */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Logger, Redacted } from "effect"
import { describeCause, describeError, redact, scrub } from "../../src/telemetry/redaction.ts"
import * as Logs from "../../src/telemetry/Logs.ts"

const secrets = {
  email: "ada.lovelace+shop@example.co.uk",
  odd: "ada'o@example.com",
  token: "sess_k1.ses_1.usr_1.1700000000.abc-DEF_123",
  provider: "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
  webhook: "whsec_5f2c8a",
  card: "4242 4242 4242 4242",
  dashed: "4242-4242-4242-4242",
  plain: "4242424242424242",
  key: "6f9619ff-8b86-4011-b42d-00c04fc964ff",
  password: "correct-horse-battery"
}

describe("a text", () => {
  it.each([
    [`Key (email)=(${secrets.email}) already exists.`, secrets.email],
    [`mail to <${secrets.email}>, please`, secrets.email],
    [`user:${secrets.email}`, secrets.email],
    [`who is ${secrets.odd}`, "@example.com"],
    [`GET /find?email=${encodeURIComponent(secrets.email)}`, "lovelace"],
    [`GET /pay?card=${encodeURIComponent(secrets.card)}`, "4242"],
    [`card=4242+4242+4242+4242`, "4242"],
    [`token ${secrets.token} is over`, "abc-DEF_123"],
    [`{"Authorization":"Bearer ${secrets.token}"}`, "abc-DEF_123"],
    ["authorization: Basic YWRhOnNlY3JldA==", "YWRhOnNlY3JldA"],
    [`Invalid API Key provided: ${secrets.provider}`, "4eC39HqLyjWDarjtT1zdp7dc"],
    [`signed with ${secrets.webhook}`, "5f2c8a"],
    [`card ${secrets.card} was refused`, "4242 4242"],
    [`card ${secrets.dashed} was refused`, "4242-4242"],
    [`card ${secrets.plain}.`, secrets.plain],
    [`idempotency key ${secrets.key} is in use`, secrets.key],
    [`connect postgres://shop:${secrets.password}@db.internal:5432/shop failed`, "db.internal"],
    [`GET https://api.example.com/v1/x?key=${secrets.password} failed`, secrets.password],
    [`column "ada" of row 'ada' failed`, "ada"],
    [`password: ${secrets.password}`, secrets.password],
    [`the password ${secrets.password} is too old`, secrets.password],
    [`{password=${secrets.password}}`, secrets.password]
  ])("%s does not keep what it is about", (text, secret) => {
    assert.notInclude(scrub(text), secret)
  })

  it("keeps what is of use", () => {
    assert.strictEqual(
      scrub("connect ECONNREFUSED after 3 attempts (57P03)"),
      "connect ECONNREFUSED after 3 attempts (57P03)"
    )
  })

  it("is cut at 300 characters, and nothing half-hidden is left at the cut", () => {
    const quoted = `"${"x".repeat(48)}" `
    for (let before = 0; before < quoted.length; before += 1) {
      const most = "y".repeat(before) + quoted.repeat(23)
      assert.notInclude(scrub(`${most}${secrets.email} `.padEnd(2_000, "z ")), "ada")
      assert.notInclude(scrub(`${most}'ada by name, and nobody else' `.padEnd(2_000, "z ")), "ada")
    }
    assert.strictEqual(scrub("word ".repeat(1_000)).length, 300)
  })

  it("of any length takes little time", { timeout: 2_000 }, () => {
    for (const text of ["a".repeat(1e6), "1".repeat(1e6), "'".repeat(1e6), "a@".repeat(1e6), "1 ".repeat(1e6)])
      scrub(text)
  })
})

describe("a value for a log line", () => {
  it("loses whatever stands under a name that is secret or personal, at any depth", () => {
    const names = [
      "password",
      "newPassword",
      "token",
      "access_token",
      "Authorization",
      "set-cookie",
      "email",
      "card",
      "apiKey"
    ]
    for (const name of names) {
      const said = JSON.stringify(redact({ one: [{ [name]: "canary" }], [name]: { deep: "canary" } }))
      assert.notInclude(said, "canary", name)
    }
    assert.deepStrictEqual(redact({ card: 4242424242424242, tokens: 3 }), { card: "<redacted>", tokens: 3 })
  })

  it("loses what looks like an address, a token or a card under any name", () => {
    for (const secret of [secrets.email, secrets.token, secrets.provider, secrets.card, secrets.plain]) {
      assert.notInclude(JSON.stringify(redact({ code: `refused ${secret}` })), secret)
    }
  })

  it("keeps ids, codes, counts and addresses of servers", () => {
    const fields = {
      request_id: "req_0123456789abcdef0123456789abcdef",
      order: "ord_1",
      url: "http://127.0.0.1:3000",
      sku: "KITCHEN-KETTLE-12",
      at: "2026-11-20T12:00:00.000Z",
      status: 404,
      millis: 1_763_640_000_000,
      done: true
    }
    assert.deepStrictEqual(redact(fields), fields)
  })

  it("is always JSON, however odd", () => {
    const circle: Record<string, unknown> = { a: 1 }
    circle["self"] = circle
    const odd = [1n, Redacted.make("canary"), new Map([["email", "canary"]]), Symbol("x"), () => "x", undefined, circle]
    assert.notInclude(JSON.stringify(redact(odd)), "canary")
    assert.isBelow(JSON.stringify(redact(Array.from({ length: 10_000 }, () => "x".repeat(10_000)))).length, 120_000)
  })
})

describe("an error", () => {
  const inner = new RangeError(`Key (email)=(${secrets.email})`)
  const error = new TypeError(`card ${secrets.card}`, { cause: inner })

  it("is told by its name, its scrubbed message, its frames and its causes", () => {
    const told = describeError(error)
    assert.deepStrictEqual([told.name, told.message], ["TypeError", "card <number>"])
    assert.deepStrictEqual([told.cause?.name, told.cause?.message], ["RangeError", "Key (email)=(<email>)"])
    assert.isTrue(told.stack?.[0]?.includes("redaction.test.ts"))
  })

  it("has no message among its frames, also when the message looks like one", () => {
    const sly = new Error(`first\n    at ${secrets.password} (file.ts:1:2)\n    at line two`)
    assert.notInclude(JSON.stringify(describeError(sly).stack), secrets.password)
  })

  it("that is none says only what kind of thing it is", () => {
    assert.deepStrictEqual(describeError("canary"), { name: "string", message: "" })
    assert.deepStrictEqual(describeError({ _tag: "EmailTaken", detail: "canary" }), { name: "EmailTaken", message: "" })
    assert.deepStrictEqual(describeError(null), { name: "object", message: "" })
  })

  it("ends its chain of causes, also when that is a circle", () => {
    const circle = new Error("one")
    circle.cause = circle
    assert.isBelow(JSON.stringify(describeError(circle)).length, 20_000)
  })

  it("in a cause stands with the others, in order", () => {
    const cause = Cause.fromReasons<unknown>([
      ...Cause.fail({ _tag: "Refused" }).reasons,
      ...Cause.die(error).reasons,
      ...Cause.interrupt(1).reasons
    ])
    assert.deepStrictEqual(
      describeCause(cause).errors.map(({ name }) => name),
      ["Refused", "TypeError", "Interrupted"]
    )
  })
})

describe("a log line", () => {
  const written = (
    format: "json" | "pretty",
    log: Effect.Effect<void>,
    disk: { writableLength: number; isFull?: boolean } = { writableLength: 0 }
  ) =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const outlet: Logs.Outlet = {
        get writableLength() {
          return disk.writableLength
        },
        write: (line, done) => {
          if (disk.isFull === true) return done(new Error("ENOSPC"))
          lines.push(line.slice(0, -1))
          done()
        }
      }
      yield* log.pipe(Effect.provide(Logs.layer({ format, level: "Info" }, outlet)))
      return lines
    })

  /** As a driver throws it: what a row held stands in its own properties. */
  const drivers = Object.assign(new Error(`row (${secrets.email})`), { detail: `Key (name)=(Ada)`, table: "users" })

  it.effect.each(["json", "pretty"] as const)("is one line, whoever logs what, as %s", (format) =>
    Effect.gen(function* () {
      const logs = [
        Effect.logError("it broke", drivers),
        Effect.logError("it broke", { error: drivers }),
        Effect.logError("it broke", Cause.die(drivers)),
        Effect.logError("it broke").pipe(Effect.annotateLogs({ email: secrets.email, note: `to ${secrets.email}` })),
        Effect.logError("it broke", { password: secrets.password, note: "two\nlines" })
      ]
      for (const log of logs) {
        const lines = yield* written(format, log)
        assert.strictEqual(lines.length, 1)
        assert.notMatch(lines.join(), /ada|Ada|correct-horse|\n/)
        assert.include(lines.join(), "it broke")
      }
    })
  )

  it.effect("as JSON can be read back", () =>
    Effect.gen(function* () {
      const [line = ""] = yield* written("json", Effect.logInfo("ready", { url: "http://127.0.0.1:1", big: 1n }))
      const { level, message, timestamp, ...rest } = JSON.parse(line)
      assert.deepStrictEqual([level, message, rest], ["INFO", "ready", { url: "http://127.0.0.1:1", big: "1" }])
      assert.match(timestamp, /Z$/)
    })
  )

  it.effect("that nobody reads is dropped when too many wait, and the next one says how many are missing", () =>
    Effect.gen(function* () {
      const outlet = { writableLength: Logs.mostWaitingBytes - 1 }
      const waits = (bytes: number) => Effect.sync(() => void (outlet.writableLength = bytes))
      const log = Effect.all([
        Effect.logInfo("a"),
        waits(Logs.mostWaitingBytes),
        Effect.logInfo("b"),
        Effect.logError("c"),
        waits(0),
        Effect.logInfo("d"),
        Effect.logInfo("e")
      ])
      const lines = (yield* written("json", Effect.asVoid(log), outlet)).map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        lines.map(({ level, lines, message }) => [level, message, lines]),
        [
          ["INFO", "a", undefined],
          ["WARN", "lines not written", 2],
          ["INFO", "d", undefined],
          ["INFO", "e", undefined]
        ]
      )
    })
  )

  it.effect("for which the disk has no room is lost, and the next one that is written says how many are missing", () =>
    Effect.gen(function* () {
      const disk = { writableLength: 0, isFull: true }
      const log = Effect.all([
        Effect.logInfo("a"),
        Effect.logInfo("b"),
        Effect.logInfo("c"),
        Effect.sync(() => void (disk.isFull = false)),
        Effect.logInfo("d"),
        Effect.logInfo("e")
      ])
      const lines = (yield* written("json", Effect.asVoid(log), disk)).map((line) => JSON.parse(line))
      assert.deepStrictEqual(
        lines.map(({ lines, message }) => [message, lines]),
        [
          ["lines not written", 3],
          ["d", undefined],
          ["e", undefined]
        ]
      )
    })
  )

  it.effect("is written by no other logger beside", () =>
    Effect.gen(function* () {
      const loggers = yield* Effect.provide(Logger.CurrentLoggers, Logs.layer({ format: "json", level: "Info" }))
      assert.strictEqual(loggers.size, 1)
    })
  )
})
