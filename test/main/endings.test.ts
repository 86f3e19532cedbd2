/** Every way in which a shop ends: what it still does for those who wait, its exit code, and that nothing stays behind. */
import * as fs from "node:fs"
import * as net from "node:net"
import * as path from "node:path"
import { expect, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Schedule, Schema } from "effect"
import { leaseSeconds } from "../../src/jobs/Job.ts"
import { temporaryFolder } from "../database/privateCluster.ts"
import { customer, fault, placeOrder, request, untilAllCaptured } from "./client.ts"
import { root, startShop } from "./process.ts"
import { stillThere } from "./processTree.ts"

/** One folder for all tests, so that the database is made once. */
class Folder extends Context.Service<Folder, string>()("holdfast/test/main/Folder") {
  static readonly layer = Layer.effect(Folder, temporaryFolder)
}

/** Exactly what npm hands to the shell. */
const startScript = Schema.decodeSync(
  Schema.fromJsonString(Schema.Struct({ scripts: Schema.Struct({ start: Schema.String }) }))
)(fs.readFileSync(path.join(root, "package.json"), "utf8")).scripts.start

/** What npm starts, and signals: the script's shell has become the shop by then. */
const asShell = ["/bin/sh", "-c", startScript] as const
/** npm waits for the script's shell; it does not become it. */
const asNpm = ["/bin/sh", "-c", 'sh -c "$0"; exit', startScript] as const

const graceMillis = 8_000

const running = Effect.fnUntraced(function* (command?: readonly [string, ...ReadonlyArray<string>]) {
  const dataDir = yield* Folder
  const shop = yield* startShop({
    env: { DATA_DIR: dataDir, SHUTDOWN_GRACE: `${graceMillis} millis` },
    ...(command && { command })
  })
  const ready = yield* shop.ready
  const family = yield* shop.family
  expect(family.map((each) => each.command)).toEqual(
    expect.arrayContaining([
      expect.stringContaining("src/main.ts"),
      expect.stringContaining(`postgres -D ${fs.realpathSync(dataDir)}`),
      expect.stringContaining("src/sandbox/main.ts")
    ])
  )
  return { ...shop, ...ready, started: family }
})

/** A request that has begun and has no end yet: such a connection is in use, and a server that closes leaves it open. */
const begunRequest = Effect.fnUntraced(function* (url: string, target: string) {
  let heard = ""
  const socket = net.connect(Number(new URL(url).port), "127.0.0.1")
  yield* Effect.addFinalizer(() => Effect.sync(() => socket.destroy()))
  const closed = yield* Deferred.make<string>()
  socket.setEncoding("utf8").on("data", (text: string) => (heard += text))
  socket.on("error", () => undefined)
  socket.on("close", () => Deferred.doneUnsafe(closed, Effect.succeed(heard)))
  socket.write(`GET ${target} HTTP/1.1\r\nHost: shop\r\n`)
  // Answered later than the line above was read.
  expect(yield* request(`${url}/livez`)).toMatchObject({ status: 200 })
  const finish = Effect.sync(() => void socket.write("\r\n"))
  return { answer: Effect.andThen(finish, Deferred.await(closed)) }
})

const often = Schedule.spaced("10 millis")
const untilClosed = (url: string) =>
  Effect.repeat(request(`${url}/livez`), { until: (answer) => answer === undefined, schedule: often })

layer(Folder.layer, { excludeTestServices: true })("a shop that ends", (it) => {
  it.effect(
    "by Ctrl-C, which it gets from the terminal and from npm, exits 0 and takes its database and provider along",
    () =>
      Effect.gen(function* () {
        const shop = yield* running(asShell)
        yield* shop.signal("SIGINT", "group")
        yield* shop.signal("SIGINT")
        const end = yield* shop.ended
        expect(end.code).toBe(0)
        expect(yield* stillThere(shop.started, "5 seconds")).toEqual([])
        expect(fs.existsSync(path.join(yield* Folder, "pg", "postmaster.pid"))).toBe(false)
      }),
    60_000
  )

  it.effect(
    "by SIGTERM tells who still asks that it is not ready, and goes on with its orders in its next life at once",
    () =>
      Effect.gen(function* () {
        const shop = yield* running(asShell)
        const who = yield* customer(shop.url)
        yield* fault(shop.sandboxUrl, { mode: "hang_before", path: "/confirm", ms: 60_000 })
        const placed = yield* placeOrder(shop.url, who, { key: "under-way", wait: 0 })
        expect(placed?.status).toBe(202)
        const readiness = yield* begunRequest(shop.url, "/readyz")
        const asked = performance.now()
        yield* shop.signal("SIGTERM")
        yield* untilClosed(shop.url)
        const answer = yield* readiness.answer
        expect(answer).toMatch(/^HTTP\/1\.1 503 /)
        expect(answer).toMatch(/^connection: close\r$/im)
        expect(answer).toContain('"code":"draining"')
        expect(yield* shop.ended).toMatchObject({ code: 0 })
        expect(performance.now() - asked).toBeLessThan(graceMillis)
        expect(yield* stillThere(shop.started, "5 seconds")).toEqual([])

        const next = yield* running()
        const began = performance.now()
        expect(yield* untilAllCaptured(next.url, who)).toMatchObject([{ id: placed?.body.id, status: "captured" }])
        // A job that was given back need not wait for the end of its lease.
        expect(performance.now() - began).toBeLessThan(leaseSeconds * 1000 - graceMillis)
      }),
    60_000
  )

  it.effect(
    "because it was asked twice does not wait for its grace",
    () =>
      Effect.gen(function* () {
        const shop = yield* running()
        yield* begunRequest(shop.url, "/readyz")
        const asked = performance.now()
        yield* Effect.raceFirst(
          shop.ended,
          Effect.repeat(shop.signal("SIGTERM"), Schedule.spaced("100 millis")).pipe(Effect.andThen(Effect.never))
        )
        expect(yield* shop.ended).toMatchObject({ code: 130 })
        expect(performance.now() - asked).toBeLessThan(graceMillis)
        expect(yield* stillThere(shop.started, "5 seconds")).toEqual([])
      }),
    60_000
  )

  it.effect(
    "by kill -9 leaves nothing behind for longer than a moment",
    () =>
      Effect.gen(function* () {
        const shop = yield* running()
        yield* shop.signal("SIGKILL")
        expect(yield* shop.ended).toMatchObject({ signal: "SIGKILL" })
        expect(yield* stillThere(shop.started, "5 seconds")).toEqual([])
      }),
    60_000
  )

  it.effect(
    "because npm was killed takes everything along",
    () =>
      Effect.gen(function* () {
        const npm = yield* running(asNpm)
        yield* npm.signal("SIGKILL")
        expect(yield* stillThere(npm.started, "5 seconds")).toEqual([])
      }),
    60_000
  )

  it.effect(
    "because npm was killed while it was starting takes everything along",
    () =>
      Effect.gen(function* () {
        const npm = yield* startShop({ env: { DATA_DIR: yield* Folder }, command: asNpm })
        const hasDatabase = Effect.repeat(npm.family, {
          until: (family) => family.some((each) => each.command.includes("postgres -D")),
          schedule: often
        })
        const started = yield* Effect.raceFirst(hasDatabase, Effect.as(npm.ready, []))
        expect(yield* npm.lines).toEqual([])
        yield* npm.signal("SIGKILL")
        expect(yield* stillThere(started, "5 seconds")).toEqual([])
      }),
    60_000
  )
})
