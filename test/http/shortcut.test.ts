/** Which requests are answered from their bytes on a connection with a shortcut, and which go through Node's parser. */
import { createServer, type Server } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { makeShortcut } from "../../src/http/shortcut.ts"

const get = (target: string, more = "") => `GET ${target} HTTP/1.1\r\nhost: shop\r\n${more}\r\n`
const longBytes = 64 * 1024
const answered = (by: string) => `HTTP/1.1 503 Service Unavailable\r\ncontent-length: ${by.length}\r\n\r\n${by}`

/**
 * Says who answered: Node, or a glance at the bytes, which has no answer for `/room` and `/later`. What is asked `/later` is
 * answered when `goOn` says so; answers of a glance at `/long` are.
 */
const server = Effect.acquireRelease(
  Effect.callback<{
    readonly node: Server
    readonly accepted: () => Socket | undefined
    readonly goOn: () => void
  }>((resume) => {
    const held: Array<() => void> = []
    let accepted: Socket | undefined
    const shortcut = makeShortcut(({ target }) =>
      target === "/room" || target === "/later"
        ? undefined
        : answered(`glance ${target};`.padEnd(target === "/long" ? longBytes : 0))
    )
    const node = createServer((request, response) => {
      shortcut.parsed(request, response)
      const answer = () => {
        const by = `${request.method} ${request.url};`
        response.writeHead(503, ["content-length", String(by.length)])
        response.end(by)
        shortcut.open(request, response)
      }
      if (request.url === "/later") held.push(answer)
      else answer()
    })
    node.on("connection", (socket) => void (accepted = socket))
    node.on("connect", (_request, socket) => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 4\r\n\r\nraw;"))
    const goOn = () => void held.splice(0).forEach((answer) => answer())
    node.listen(0, "127.0.0.1", () => resume(Effect.succeed({ node, accepted: () => accepted, goOn })))
  }),
  ({ node }) => Effect.sync(() => void node.close())
)

const connected = (node: Server) =>
  Effect.acquireRelease(
    Effect.sync(() => connect((node.address() as AddressInfo).port, "127.0.0.1")),
    (open) => Effect.sync(() => open.destroy())
  )

const until = (holds: () => boolean) =>
  Effect.repeat(Effect.sync(holds), { until: (held) => held, schedule: Schedule.spaced("2 millis") })

/** Each text when the one before is answered; of `|` parts, each when the one before was read. Who answered, in order. */
const asked = Effect.fnUntraced(function* (texts: ReadonlyArray<string>, answers: number) {
  const { accepted, goOn, node } = yield* server
  const socket = yield* connected(node)
  let said = ""
  socket.on("data", (bytes) => (said += bytes.toString("latin1")))
  // What CONNECT took over is closed while somebody still writes.
  socket.on("error", () => undefined)
  const heard = () => said.match(/(?:glance|[A-Z]{3,7}) \/[\w?=]+;|raw;/g) ?? []
  let written = 0
  for (const [index, text] of texts.entries()) {
    for (const part of text.split("|")) {
      socket.write(part, "latin1")
      written += part.length
      yield* until(() => accepted()?.bytesRead === written || socket.destroyed)
    }
    goOn()
    yield* until(() => heard().length > index)
  }
  yield* until(() => heard().length === answers)
  return heard().map((each) => each.replace(";", ""))
}, Effect.scoped)

const test = (title: string, texts: ReadonlyArray<string>, expected: ReadonlyArray<string>) =>
  it.live(title, () =>
    Effect.map(asked(texts, expected.length), (answers) => assert.deepStrictEqual([...answers], [...expected]))
  )

/** The first one opens the shortcut, and the second one shows that the parser holds nothing. */
const opened = [get("/a"), get("/b")]
const openedBy = ["GET /a", "GET /b"]

describe("a connection with a shortcut", () => {
  test(
    "answers a whole request from its bytes once one came out of the parser as it went in",
    [...opened, get("/c"), get("/d?x=1", "authorization: Bearer abc\r\naccept: */*\r\n")],
    [...openedBy, "glance /c", "glance /d?x=1"]
  )
  test(
    "lets Node have whom there is room for, and answers the next one again",
    [...opened, get("/room"), get("/c")],
    [...openedBy, "GET /room", "glance /c"]
  )
  test(
    "lets Node have what is no plain GET, and what comes after it",
    [
      ...opened,
      get("/c").replace("GET", "DELETE"),
      get("/d"),
      get("/e"),
      get("/f", "connection: keep-alive\r\n"),
      get("/g"),
      get("/h")
    ],
    [...openedBy, "DELETE /c", "GET /d", "glance /e", "GET /f", "GET /g", "glance /h"]
  )
  test(
    "lets Node have what comes in two parts, and what comes after it",
    [...opened, get("/c").replace("host", "|host"), get("/d"), get("/e")],
    [...openedBy, "GET /c", "GET /d", "glance /e"]
  )
  test(
    "never takes the end of a head for a request",
    [...opened, `GET /c HTTP/1.1\r\nhost: shop\r\nx: |${get("/d")}`, get("/e"), get("/f")],
    [...openedBy, "GET /c", "glance /e", "glance /f"]
  )
  test(
    "never takes a body for a request",
    [
      ...opened,
      `POST /later HTTP/1.1\r\nhost: shop\r\ncontent-length: ${get("/d").length}\r\n\r\n|${get("/d")}`,
      get("/e")
    ],
    [...openedBy, "POST /later", "GET /e"]
  )
  test(
    "answers in turn who asks before he is answered",
    [...opened, `${get("/later")}|${get("/c")}|${get("/d")}`],
    [...openedBy, "GET /later", "GET /c", "GET /d"]
  )
  test(
    "lets Node have several requests in one piece",
    [...opened, get("/c") + get("/d"), get("/e"), get("/f")],
    [...openedBy, "GET /c", "GET /d", "GET /e", "glance /f"]
  )
  test(
    "is given up with the connection that CONNECT takes over",
    [...opened, "CONNECT shop:1 HTTP/1.1\r\nhost: shop\r\n\r\n|GET /c HTTP/1.1\r\n\r\n"],
    [...openedBy, "raw"]
  )

  it.live("keeps no more answers than a few for who does not read them, and gives him all of them when he does", () =>
    Effect.gen(function* () {
      const { accepted, node } = yield* server
      const socket = yield* connected(node)
      let said = ""
      const heard = () => said.match(/(?:glance|GET) \/\w+;/g)?.length ?? 0
      // Without what only makes them long.
      socket.on("data", (bytes) => (said += bytes.toString("latin1").replaceAll(/ {2,}/g, "")))
      for (const [index, text] of opened.entries()) {
        socket.write(text)
        yield* until(() => heard() === index + 1)
      }
      socket.pause()
      let written = socket.bytesWritten
      // More than two systems keep on their way; each alone, so that each could be answered from its bytes.
      const many = 300
      for (let asked = 0; asked < many; asked++) {
        socket.write(get("/long"))
        written += get("/long").length
        yield* until(() => accepted()?.bytesRead === written || accepted()?.isPaused() === true)
        assert.isAtMost(accepted()?.writableLength ?? 0, 4 * longBytes)
      }
      assert.isTrue(accepted()?.isPaused())
      socket.resume()
      yield* until(() => heard() === opened.length + many)
    }).pipe(Effect.scoped)
  )
})
