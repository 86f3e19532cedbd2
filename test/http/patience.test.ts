/** Clients that are slow, leave, or never come to an end: they cost a socket for a bounded time, and nobody else anything. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as diagnostics from "node:diagnostics_channel"
import { once } from "node:events"
import * as net from "node:net"
import { bodyLimitBytes, lingerMillis, unreadLimitBytes } from "../../src/http/limits.ts"
import { eventually } from "../eventually.ts"
import { Door, openDoor, doorOver, parsed, problemIn, send } from "./door.ts"
import { Shop } from "../../src/testing/index.ts"
import { talk } from "./rawClient.ts"

const post = (headers: string) =>
  `POST /v1/users HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n${headers}\r\n\r\n`
const slowly = (text: string) => [...text].flatMap((letter) => [letter, 60])

const arrival = { headers: 300, request: 600, look: 50 }
/** What a busy machine may add to that. */
const slackMillis = 3_000

layer(doorOver(Shop.layerMemory, { arrival }), { excludeTestServices: true })("a slow client", (it) => {
  it.effect.each([
    ["headers", slowly("GET /livez HTTP/1.1\r\nHost: shop\r\nX-Slow: it takes its time")],
    ["a body", [post("Content-Length: 40"), ...slowly(`{"email": "${"a".repeat(28)}`)]],
    ["chunks", [post("Transfer-Encoding: chunked"), ...slowly("1\r\n{\r\n".repeat(8))]],
    ["nothing at all", ["GET /livez HTTP/1.1\r\nHost: sh"]],
    ["no body that it promised", [post("Content-Length: 40")]]
  ] as const)("that sends %s is answered once, in words, and cut off", ([, says]) =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const { answers, hungUp, millis } = yield* talk(port, { says })
      assert.deepStrictEqual(
        answers.map((answer) => problemIn(answer).code),
        ["request_timeout"]
      )
      assert.isTrue(hungUp)
      assert.isBelow(millis, arrival.request + arrival.look + slackMillis)
    })
  )

  it.effect("keeps nobody else waiting", () =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const many = Array.from({ length: 100 }, () => talk(port, { says: [post("Content-Length: 40")] }))
      const [heard, answers] = yield* Effect.all(
        [
          Effect.all(many, { concurrency: "unbounded" }),
          Effect.forEach(Array.from({ length: 50 }), () => send("GET", "/v1/products"))
        ],
        { concurrency: 2 }
      )
      assert.isTrue(answers.every(({ status }) => status === 200))
      assert.isTrue(heard.every(({ answers: [first] }) => first?.status === 408))
    })
  )
})

const open = Effect.sync(() => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length)

const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/**
 * A client that goes on sending whatever it is answered, and although the server has ended its side. What the server has
 * read of it is told by the server's own socket; times are milliseconds since it connected.
 */
const insist = (port: number, head: string, piece: string) =>
  Effect.promise(async () => {
    let server: net.Socket | undefined
    const met = (message: unknown) => void (server = (message as { readonly socket: net.Socket }).socket)
    diagnostics.subscribe("http.server.request.start", met)
    const began = performance.now()
    const since = () => performance.now() - began
    const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    let [answer, refusedAfter, taken] = ["", 0, 0]
    client.on("data", (part: Buffer) => {
      if (answer === "") refusedAfter = since()
      answer += part.toString()
    })
    // It ends with a reset: the server reads no more.
    client.on("error", () => undefined)
    client.write(head)
    while (!client.destroyed && since() < 10_000) {
      if (!client.write(piece))
        await Promise.race([once(client, "drain"), once(client, "close")]).catch(() => undefined)
      taken = server?.bytesRead ?? 0
    }
    diagnostics.unsubscribe("http.server.request.start", met)
    client.destroy()
    return { answer, refusedAfter, endedAfter: since(), taken }
  })

/** A client that connects, says this, and leaves without a word; by a reset, every other time. */
const leave = (port: number, says: string, reset: boolean) =>
  Effect.callback<void>((resume) => {
    const socket = net.connect(port, "127.0.0.1", () =>
      socket.write(says, () => {
        if (reset) socket.resetAndDestroy()
        else socket.destroy()
        resume(Effect.void)
      })
    )
    socket.on("error", () => undefined)
  })

layer(openDoor, { excludeTestServices: true })("clients", (it) => {
  it.effect("200 that leave in the middle leave nothing open", () =>
    Effect.gen(function* () {
      const { port } = yield* Door
      yield* send("GET", "/livez")
      const before = yield* open
      const middles = [
        "GET /v1/pro",
        "GET /v1/products HTTP/1.1\r\nHost: shop\r\n\r\n",
        `${post("Content-Length: 1000")}{"email":`,
        `${post("Transfer-Encoding: chunked")}5\r\n{"ema`,
        `${post("Content-Length: 300000")}{"email":`
      ]
      const left = Array.from({ length: 200 }, (_, n) => leave(port, middles[n % middles.length] ?? "", n % 2 === 0))
      yield* Effect.all(left, { concurrency: 50 })
      yield* eventually(open, (now) => now <= before + 5, { every: "20 millis", within: "10 seconds" })
      assert.strictEqual((yield* send("GET", "/livez")).status, 200)
    })
  )

  /** Bytes that the system hands over at once: those that make it too large come in one, those that make it enough in another. */
  const oneRead = 64 * 1024
  const insisting: ReadonlyArray<readonly [how: string, head: string, piece: string, read: number]> = [
    ["by its length, unread", post(`Content-Length: ${200 << 20}`), "x".repeat(50_000), 0],
    [
      "in chunks, once it is over the limit",
      post("Transfer-Encoding: chunked"),
      chunked("x".repeat(50_000)),
      bodyLimitBytes
    ]
  ]
  it.effect.each(insisting)(
    "that go on after a 413 %s are not listened to for long, and end soon",
    ([, head, piece, read]) =>
      Effect.gen(function* () {
        const { port } = yield* Door
        const { answer, refusedAfter, endedAfter, taken } = yield* insist(port, head, piece)
        assert.strictEqual(problemIn(parsed(answer)).code, "payload_too_large")
        assert.isAbove(taken, 0)
        assert.isAtMost(taken, read + unreadLimitBytes + 2 * oneRead)
        assert.isBelow(endedAfter - refusedAfter, lingerMillis + slackMillis)
      })
  )

  const megabyte = "x".repeat(1 << 20)
  const chunk = `${megabyte.length.toString(16)}\r\n${megabyte}\r\n`
  it.effect.each([
    ["plain", post(`Content-Length: ${200 << 20}`), megabyte, 413],
    ["in chunks", post("Transfer-Encoding: chunked"), chunk, 413],
    ["compressed", post("Content-Encoding: gzip\r\nTransfer-Encoding: chunked"), chunk, 415],
    ["within a compressed transfer", post("Transfer-Encoding: gzip, chunked"), chunk, 415],
    [
      "to a path that there is not",
      post(`Content-Length: ${200 << 20}`).replace("/v1/users", "/v1/nothing"),
      megabyte,
      413
    ]
  ] as const)("that send 200 MB %s are refused, and not listened to", ([, head, part, status]) =>
    Effect.gen(function* () {
      const { port } = yield* Door
      const { answers, hungUp, millis, taken } = yield* talk(port, {
        says: [head, ...Array.from({ length: 200 }, () => part)]
      })
      assert.deepStrictEqual(
        answers.map((answer) => problemIn(answer).status),
        [status]
      )
      assert.isTrue(hungUp)
      // What the system's own buffers hold on both sides comes on top of what was read.
      assert.isBelow(taken, 16 << 20)
      assert.isBelow(millis, 1_000 + slackMillis)
    })
  )
})
