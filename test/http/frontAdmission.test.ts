/** A full node's front door, over the wire: what is refused before there is a fiber looks like what is refused after. */
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Schedule } from "effect"
import { Storefront } from "../../src/catalog/Storefront.ts"
import { CorsOrigins } from "../../src/http/browserHeaders.ts"
import { RequestDeadlines } from "../../src/http/Deadlines.ts"
import { RateLimits } from "../../src/http/RateLimits.ts"
import { TrustedProxies } from "../../src/http/rates/clientAddress.ts"
import { Shop } from "../../src/testing/index.ts"
import { Door, doorOver, parsed, problemIn, send } from "./door.ts"

/** The limit before anything is known, and who may wait. */
const room = 32
const lineLength = 64
const often = Schedule.spaced("5 millis")

class Gate extends Context.Service<Gate, { entered: number; open: Deferred.Deferred<void> }>()("holdfast/test/Gate") {
  static readonly layer = Layer.effect(
    Gate,
    Effect.map(Deferred.make<void>(), (open) => ({ entered: 0, open }))
  )
}

/** Every look at a product waits for the gate. */
const slow = Layer.effect(
  Storefront,
  Effect.gen(function* () {
    const [gate, storefront] = [yield* Gate, yield* Storefront]
    const atGate = Effect.suspend(() => {
      gate.entered++
      return Deferred.await(gate.open)
    })
    return Storefront.of({ ...storefront, find: (id) => Effect.andThen(atGate, storefront.find(id)) })
  })
).pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      Shop.layerMemory,
      Gate.layer,
      Layer.succeed(RequestDeadlines, { readMillis: 15_000, writeMillis: 15_000 })
    )
  )
)

/** `self` while as many as are let in wait inside. */
const full = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const gate = yield* Gate
    gate.entered = 0
    gate.open = yield* Deferred.make<void>()
    const inside = yield* Effect.replicateEffect(Effect.forkChild(send("GET", "/v1/products/prd_1")), room)
    yield* Effect.repeat(
      Effect.sync(() => gate.entered),
      { until: (entered) => entered === room, schedule: often }
    )
    return yield* Effect.ensuring(
      self,
      Effect.andThen(
        Effect.suspend(() => Deferred.succeed(gate.open, undefined)),
        Fiber.joinAll(inside)
      )
    )
  })

/** Sends each part when what came so far satisfies its condition; what came until the server closes, or `done`. */
const conversation = (
  parts: ReadonlyArray<readonly [when: (said: string) => boolean, bytes: string]>,
  done: (said: string) => boolean
) =>
  Effect.flatMap(Door, ({ port }) =>
    Effect.callback<string>((resume) => {
      const left = [...parts]
      let said = ""
      const socket = connect(port, "127.0.0.1")
      const goOn = () => {
        while (left[0] !== undefined && left[0][0](said)) socket.write(left.shift()?.[1] ?? "")
        if (done(said)) socket.destroy()
      }
      socket.on("connect", goOn)
      socket.on("data", (part) => {
        said += part.toString("latin1")
        goOn()
      })
      socket.on("error", () => undefined)
      socket.on("close", () => resume(Effect.succeed(said)))
      return Effect.sync(() => socket.destroy())
    })
  )
const always = () => true
const answered = (said: string) => /\r\n\r\n[^]*\}$/.test(said)

/** But for what is another every time: id, times, and how long to stay away. */
const alike = (bytes: string) =>
  bytes
    .replaceAll(/req_[0-9a-f]{32}/g, "ID")
    .replace(/"timestamp":"[^"]+"/, "TIME")
    .replace(/date: .*/i, "DATE")
    .replace(/retry-after: [1-4]\r\n/i, "WAIT\r\n")
    .replace(/"retry_after":[1-4]/, "WAIT")

const order = "POST /v1/orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n"

/** With a proxy that speaks TLS, and pages of another origin. */
const front = Layer.merge(
  Layer.succeed(TrustedProxies, ["127.0.0.1"]),
  Layer.succeed(CorsOrigins, ["https://a.example"])
)
const fromPage = "host: shop\r\nx-forwarded-proto: https\r\norigin: https://a.example\r\n"

/** Each on a node of its own: what its answers taught one of them is nothing to the next. */
const test = (title: string, body: () => Effect.Effect<void, never, Door | Gate>) =>
  it.live(title, () => Effect.provide(body(), Layer.provide(doorOver(slow), front)))

describe("a full node's front door", () => {
  test("forgets who leaves while he waits", () =>
    Effect.gen(function* () {
      const gate = yield* Gate
      yield* full(
        Effect.gen(function* () {
          const gone = yield* Effect.replicateEffect(Effect.forkChild(send("GET", "/v1/products/prd_1")), lineLength)
          yield* Effect.sleep("30 millis")
          yield* Fiber.interruptAll(gone)
          yield* Effect.sleep("30 millis")
        })
      )
      // One or the other may not have been heard to leave yet; all of them would be let in if nobody listened.
      assert.isBelow(gate.entered, room + lineLength / 4)
      assert.strictEqual((yield* send("GET", "/v1/products")).status, 200)
    }))

  test("refuses in the very bytes of the boundary, but for ids and times", () =>
    full(
      Effect.gen(function* () {
        const refusedInFront = yield* conversation([[always, `GET /v1/products HTTP/1.1\r\n${fromPage}\r\n`]], answered)
        // A body that comes bit by bit is waited for inside: this one is refused by the boundary, after its wait.
        const refusedInside = yield* conversation(
          [
            [always, `PATCH /v1/products HTTP/1.1\r\n${fromPage}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`]
          ],
          answered
        )
        assert.strictEqual(problemIn(parsed(refusedInFront)).code, "overloaded")
        const { headers } = parsed(refusedInFront)
        assert.strictEqual(headers["access-control-allow-origin"], "https://a.example")
        assert.strictEqual(headers["strict-transport-security"], "max-age=31536000")
        assert.strictEqual(alike(refusedInFront), alike(refusedInside))
      })
    ))

  test("refuses in the same bytes again on the same connection, whoever parsed the request", () =>
    full(
      Effect.gen(function* () {
        const asked = "GET /v1/products/prd_1/recommendations HTTP/1.1\r\nhost: shop\r\n\r\n"
        const times = (many: number) => (said: string) => said.split('"retry_after"').length > many && answered(said)
        const again = [1, 2, 3].map((many) => [times(many), asked] as const)
        const said = yield* conversation([[always, asked], ...again], times(4))
        const [first, ...others] = said.split(/(?=HTTP\/1\.1 )/).map(alike)
        assert.deepStrictEqual(others, [first, first, first])
      })
    ))

  test("answers a HEAD without a body, and the connection goes on", () =>
    full(
      Effect.gen(function* () {
        const asked = "/v1/products/prd_1/recommendations HTTP/1.1\r\nhost: shop\r\n\r\n"
        const said = yield* conversation(
          [
            [always, `HEAD ${asked}`],
            [(text) => text.includes("\r\n\r\n"), `GET ${asked}`]
          ],
          answered
        )
        assert.strictEqual(said.match(/^HTTP\/1\.1 503 /gm)?.length, 2)
        assert.match(said, /\r\n\r\nHTTP\/1\.1 503 /)
      })
    ))

  test("does not ask for the body of whom it refuses, and ends the connection of who waited to be asked", () =>
    full(
      Effect.gen(function* () {
        const asked = "GET /v1/products/prd_1/recommendations HTTP/1.1\r\nhost: shop\r\n"
        const said = yield* conversation(
          [[always, `${asked}content-length: 2\r\nexpect: 100-continue\r\n\r\n`]],
          () => false
        )
        assert.notInclude(said, "100 Continue")
        const refused = parsed(said)
        assert.deepStrictEqual([problemIn(refused).code, refused.headers["connection"]], ["overloaded", "close"])
      })
    ))

  test("keeps an order in the line, and lets it in with its body when there is room", () =>
    full(
      Effect.gen(function* () {
        const gate = yield* Gate
        const ordering = yield* Effect.forkChild(conversation([[always, `${order}{}`]], answered), {
          startImmediately: true
        })
        yield* Effect.sleep("10 millis")
        yield* Deferred.succeed(gate.open, undefined)
        assert.strictEqual(problemIn(parsed(yield* Fiber.join(ordering))).code, "unauthenticated")
      })
    ))
})

describe("a node with room", () => {
  it.live.each([
    ["by its own count, before they are let in", true],
    ["by the count of all nodes, when they are in already", false]
  ] as const)("has it also while many wait because they ask too often: %s", ([, ownCount]) => {
    let waiting = 0
    const turn = Deferred.makeUnsafe<void>()
    const asksTooOften = (url: string | undefined) => url === "/v1/products/prd_1"
    const limits = Layer.succeed(
      RateLimits,
      RateLimits.of({
        addressOf: () => "192.0.2.1",
        mustWait: ({ source }) => ownCount && "url" in source && asksTooOften(String(source.url)),
        atDoor: ({ url }, _, { aside }) => {
          if (!asksTooOften(url)) return undefined
          waiting++
          aside()
          return Deferred.await(turn)
        },
        count: () => Effect.void
      })
    )
    const many = room + lineLength + 1
    return Effect.gen(function* () {
      const waiters = yield* Effect.replicateEffect(Effect.forkChild(send("GET", "/v1/products/prd_1")), many)
      yield* Effect.repeat(
        Effect.sync(() => waiting),
        { until: (all) => all === many, schedule: often }
      )
      assert.strictEqual((yield* send("GET", "/v1/products")).status, 200)
      yield* Deferred.succeed(turn, undefined)
      yield* Fiber.joinAll(waiters)
    }).pipe(Effect.provide(doorOver(Shop.layerMemory, { limits })))
  })
})
