/** What nobody meant to happen: bugs, answers that cannot be written, shutdown in the middle, clients that leave. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Ref, Schema, Scope } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import * as net from "node:net"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { boundary, errorRendering } from "../../src/http/Boundary.ts"
import { ErrorRendering } from "../../src/http/ErrorRendering.ts"
import { Admission } from "../../src/http/Admission.ts"
import { Deadlines } from "../../src/http/Deadlines.ts"
import { RequestId } from "../../src/http/RequestId.ts"
import { Routes } from "../../src/http/Routes.ts"
import { Shop } from "../../src/testing/index.ts"
import {
  Door,
  doorOver,
  json,
  logged,
  NodeHealth,
  parsed,
  problemIn,
  refusal,
  send,
  sendBytes,
  serving
} from "./door.ts"

const productId = "prd_1"

/** What becomes of a request for a product; each test says. */
class Fate extends Context.Service<Fate, { next: Effect.Effect<never> }>()("holdfast/test/Fate") {
  static readonly layer = Layer.sync(Fate, () => ({ next: Effect.die("no fate was chosen") }))
}

const fateful = Layer.effect(
  Storefront,
  Effect.gen(function* () {
    const [fate, storefront] = [yield* Fate, yield* Storefront]
    return Storefront.of({
      ...storefront,
      find: () => Effect.suspend(() => fate.next),
      // Not what the type promises: an answer that cannot be encoded.
      stockLevel: () => Effect.succeed({ _tag: "Fresh", value: { sku: 7 } as never })
    })
  })
).pipe(Layer.provideMerge(Layer.merge(Shop.layerMemory, Fate.layer)))

const door = doorOver(fateful, { grace: "50 millis" })

const suffer = (fate: Effect.Effect<never>) => Effect.map(Fate, (one) => void (one.next = fate))

const linesOf = (requestId: string) =>
  Effect.map(logged, (lines) => lines.filter((line) => line["request_id"] === requestId))

/** A bug as it comes: an untagged error that somebody threw. */
// @effect-diagnostics-next-line extendsNativeError:off
class LedgerTorn extends Error {
  override readonly name = "LedgerTorn"
}

layer(door, { excludeTestServices: true })("a handler that dies", (it) => {
  const thrown = () => new LedgerTorn("page 7 is missing", { cause: new RangeError("no page 7") })

  it.effect("answers a 500 that says nothing but its id", () =>
    Effect.gen(function* () {
      const answers = []
      for (const defect of [thrown(), "a text", undefined, { _tag: "EmailTaken" }, new Error("select * from users")]) {
        yield* suffer(Effect.die(defect))
        const { headers, problem } = yield* refusal([500, "internal_error"], "GET", `/v1/products/${productId}`)
        const { instance: _instance, request_id: _id, timestamp: _timestamp, ...constant } = problem
        const { date: _date, "request-id": _header, ...rest } = headers
        answers.push(JSON.stringify([constant, rest]))
      }
      assert.strictEqual(new Set(answers).size, 1)
    })
  )

  it.effect("is one line at ERROR, with the name, the frames and the cause of what died", () =>
    Effect.gen(function* () {
      yield* suffer(Effect.die(thrown()))
      const { problem } = yield* refusal([500, "internal_error"], "GET", `/v1/products/${productId}`)
      const lines = yield* linesOf(problem.request_id)
      assert.strictEqual(lines.length, 1, JSON.stringify(lines))
      const { code, errors, level, message, route, severity, status } = lines[0] ?? { level: "", message: "" }
      assert.deepStrictEqual(
        [level, message, route, severity, status, code],
        ["ERROR", "request died", "/v1/products/:id", "unexpected", 500, "internal_error"]
      )
      const [died] = errors as ReadonlyArray<{
        readonly name: string
        readonly stack: ReadonlyArray<string>
        readonly cause: { readonly name: string }
      }>
      assert.deepStrictEqual([died?.name, died?.cause.name], ["LedgerTorn", "RangeError"])
      assert.isTrue(died?.stack.some((frame) => frame.includes("defects.test.ts")))
    })
  )

  it.effect("changes nothing for the requests after it", () =>
    Effect.gen(function* () {
      yield* suffer(Effect.die(thrown()))
      yield* Effect.forEach(
        Array.from({ length: 20 }),
        () => refusal([500, "internal_error"], "GET", `/v1/products/${productId}`),
        { concurrency: 10 }
      )
      assert.strictEqual((yield* send("GET", "/v1/products")).status, 200)
    })
  )

  it.effect("while reading had no effects, and may be repeated", () =>
    Effect.gen(function* () {
      yield* suffer(Effect.die(thrown()))
      const { problem } = yield* refusal([500, "internal_error"], "GET", `/v1/products/${productId}`)
      assert.deepStrictEqual([problem.side_effects, problem.retry], ["none", "same_key"])
    })
  )
})

layer(door, { excludeTestServices: true })("an answer that does not encode", (it) => {
  it.effect("is a 500 that says nothing, and one line at ERROR that says what", () =>
    Effect.gen(function* () {
      const { problem, text } = yield* refusal([500, "internal_error"], "GET", `/v1/products/${productId}/stock`)
      assert.notMatch(text, /sku|Expected|schema/i)
      const lines = yield* linesOf(problem.request_id)
      assert.deepStrictEqual(
        lines.map(({ level, message }) => [level, message]),
        [["ERROR", "request died"]]
      )
      const { errors } = lines[0] as unknown as { readonly errors: ReadonlyArray<{ readonly name: string }> }
      assert.strictEqual(errors[0]?.name, "SchemaError")
    })
  )
})

/** An error that its feature keeps to itself, declared on an endpoint past the table: the library would send it whole. */
class Private extends Schema.TaggedError<Private>()("Private", { secret: Schema.String }) {}

const CarelessApi = HttpApi.make("careless")
  .add(
    HttpApiGroup.make("careless").add(
      HttpApiEndpoint.get("undeclared", "/undeclared", { success: Schema.String, error: Private })
    )
  )
  .middleware(ErrorRendering)

const careless = serving(
  HttpRouter.serve(
    Layer.mergeAll(
      HttpApiBuilder.layer(CarelessApi).pipe(
        Layer.provide(
          HttpApiBuilder.group(CarelessApi, "careless", (handlers) =>
            handlers.handleAll({ undeclared: () => Effect.fail(new Private({ secret: "canary" })) })
          )
        )
      ),
      HttpRouter.add("GET", "/broken", HttpServerResponse.text("canary", { status: 502 })),
      HttpRouter.add("GET", "/teapot", HttpServerResponse.text("canary", { status: 418 }))
    ).pipe(
      Layer.provide([boundary, errorRendering]),
      Layer.provide([Admission.layerOpen, Deadlines.layerNone, RequestId.layer, Routes.layer])
    ),
    { disableLogger: true, disableListenLog: true }
  )
)

layer(careless, { excludeTestServices: true })("an answer that nobody put into the table", (it) => {
  it.effect.each([
    ["/undeclared", 500, "internal_error", "ERROR"],
    ["/broken", 500, "internal_error", "ERROR"],
    ["/teapot", 400, "malformed_request", "WARN"]
  ] as const)("leaves as a problem all the same: %s", ([path, status, code, level]) =>
    Effect.gen(function* () {
      const { problem, text } = yield* refusal([status, code], "GET", path)
      assert.notInclude(text, "canary")
      const lines = yield* linesOf(problem.request_id)
      assert.deepStrictEqual(
        lines.map((line) => line.level),
        [level]
      )
    })
  )
})

layer(door, { excludeTestServices: true })("a client that leaves", (it) => {
  it.effect("before it is answered ends its request, and nothing else", () =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const [begun, ended] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const waiting = Deferred.succeed(begun, undefined).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(ended, undefined))
      )
      yield* suffer(waiting)
      const socket = net.connect(port, "127.0.0.1")
      socket.write(`GET /v1/products/${productId} HTTP/1.1\r\nHost: shop\r\n\r\n`)
      yield* Deferred.await(begun)
      socket.destroy()
      yield* Deferred.await(ended)
      assert.strictEqual((yield* send("GET", "/v1/products")).status, 200)
      const told = (yield* logged).filter(({ level, message }) => level !== "INFO" || message === "client left")
      assert.deepStrictEqual(
        told.map(({ level, message }) => [level, message]),
        [["INFO", "client left"]]
      )
    })
  )

  it.effect("in the middle of its body is as harmless", () =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const before = (yield* logged).length
      yield* Effect.callback<void>((resume) => {
        const socket = net.connect(port, "127.0.0.1")
        const head =
          "POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
        socket.write(`${head}{"email":`, () => socket.destroy())
        socket.on("close", () => resume(Effect.void))
      })
      assert.strictEqual((yield* send("GET", "/v1/products")).status, 200)
      const lines = (yield* logged).slice(before)
      assert.deepStrictEqual(
        lines.filter(({ level }) => level !== "INFO"),
        []
      )
    })
  )
})

describe("a node that shuts down", () => {
  const request = `GET /v1/products/${productId} HTTP/1.1\r\nHost: shop\r\n\r\n`
  const opened = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(door, scope)
    return { context, close: Scope.close(scope, Exit.void) }
  })

  it.live("answers what it cannot finish in its grace as draining, on a connection that it closes", () =>
    Effect.gen(function* () {
      const { close, context } = yield* opened
      const begun = yield* Deferred.make<void>()
      const answer = yield* Effect.gen(function* () {
        yield* suffer(Effect.andThen(Deferred.succeed(begun, undefined), Effect.never))
        const asking = yield* Effect.forkChild(sendBytes(request))
        yield* Deferred.await(begun)
        const closing = yield* Effect.forkChild(close)
        const answered = yield* Fiber.join(asking)
        yield* Fiber.join(closing)
        return parsed(answered)
      }).pipe(Effect.provideContext(context))
      const problem = problemIn(answer)
      assert.deepStrictEqual(
        [problem.status, problem.code, problem.retry, problem.side_effects],
        [503, "draining", "same_key", "none"]
      )
      assert.strictEqual(answer.headers["connection"], "close")
    })
  )

  it.live("finishes what it can in its grace", () =>
    Effect.gen(function* () {
      const { close, context } = yield* opened
      const [begun, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const answer = yield* Effect.gen(function* () {
        const storefront = yield* Storefront
        const { products } = (yield* storefront.list({ limit: 1 })).value
        // The fate of a request fails or never ends by its type; here it is a product after all.
        const slow = Deferred.succeed(begun, undefined).pipe(
          Effect.andThen(Deferred.await(go)),
          Effect.as({ _tag: "Fresh", value: products[0] })
        ) as Effect.Effect<never>
        yield* suffer(slow)
        const asking = yield* Effect.forkChild(sendBytes(request))
        yield* Deferred.await(begun)
        const closing = yield* Effect.forkChild(close)
        yield* Deferred.succeed(go, undefined)
        const answered = yield* Fiber.join(asking)
        yield* Fiber.join(closing)
        return parsed(answered)
      }).pipe(Effect.provideContext(context))
      assert.strictEqual(answer.status, 200)
    })
  )
})

layer(door, { excludeTestServices: true })("a node that is not well", (it) => {
  const report = (draining: boolean, database: "ok" | "fail", migrations: "ok" | "warn" | "fail") =>
    Effect.flatMap(NodeHealth, (health) =>
      Ref.set(health, { draining, checks: { database: { status: database }, migrations: { status: migrations } } })
    )

  it.effect("says so at its probes, part by part, and is alive all the same", () =>
    Effect.gen(function* () {
      yield* report(false, "fail", "warn")
      for (const path of ["/readyz", "/ready", "/startupz", "/health"]) {
        const { problem } = yield* refusal([503, "database_unavailable"], "GET", path)
        assert.deepStrictEqual(problem.checks, { database: { status: "fail" }, migrations: { status: "warn" } })
      }
      assert.strictEqual((yield* send("GET", "/livez")).status, 200)
    })
  )

  it.effect("is not ready while it drains, and still serves", () =>
    Effect.gen(function* () {
      yield* report(true, "ok", "ok")
      const { headers } = yield* refusal([503, "draining"], "GET", "/readyz")
      assert.strictEqual(headers["connection"], "close")
      assert.strictEqual((yield* send("GET", "/v1/products")).status, 200)
    })
  )

  it.effect("is degraded when a part that it can do without is", () =>
    Effect.gen(function* () {
      yield* report(false, "ok", "warn")
      const answer = yield* send("GET", "/readyz")
      assert.deepStrictEqual([answer.status, json(answer).status], [200, "degraded"])
    })
  )
})
