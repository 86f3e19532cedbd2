/** How the limit follows what the node bears, told by nothing but how long the answers take. */
import { assert, describe, it } from "@effect/vitest"
import { AdmissionLimit } from "../../src/http/AdmissionLimit.ts"
import { trafficOf } from "../../src/http/traffic.ts"

const page = trafficOf("GET", "/v1/products")
const order = trafficOf("POST", "/v1/orders")

const spare = () => false
const full = () => true

/** A node under so many requests at once, each answered in so many milliseconds, a thousand a second. */
const node = (loopIsFull = spare) => {
  const limit = new AdmissionLimit(0, loopIsFull)
  let now = 0
  const serve = (seconds: number, millis: (inFlight: number) => number, traffic = page, wanted = Infinity) => {
    for (const until = now + seconds * 1000; now < until; now++) {
      while (limit.inFlight < wanted && limit.hasRoom(page)) limit.enter(page)
      limit.leave(page)
      limit.answered(traffic, millis(limit.current), now)
    }
    return limit.current
  }
  return { limit, serve }
}

describe("the limit", () => {
  it("grows while as much as it allows is wanted and answers stay as quick", () => {
    const { serve } = node()
    const before = serve(0.1, () => 10)
    assert.isAbove(
      serve(1, () => 10),
      before + 30
    )
    assert.strictEqual(
      serve(60, () => 10),
      256
    )
  })

  it("stays where it is while nobody needs more", () => {
    const { serve } = node()
    assert.strictEqual(
      serve(30, () => 10, page, 4),
      32
    )
  })

  it("falls within a second when answers get slow, and no lower than what keeps the database busy", () => {
    const { serve } = node()
    serve(2, () => 10)
    assert.strictEqual(
      serve(2, () => 200),
      20
    )
  })

  it("falls further while the event loop has no time to spare, and stands where the database is busy when it has some", () => {
    let loop = full
    const { serve } = node(() => loop())
    serve(2, () => 10)
    assert.strictEqual(
      serve(2, () => 200),
      5
    )
    loop = spare
    assert.strictEqual(
      serve(0.2, () => 200),
      20
    )
  })

  it("comes back when they are quick again", () => {
    const { serve } = node()
    const healthy = serve(2, () => 10)
    serve(10, () => 200)
    assert.isAtLeast(
      serve(3, () => 10),
      healthy
    )
  })

  it("settles where one more would only wait for another", () => {
    const { serve } = node()
    serve(1, () => 8, page, 4)
    // Forty are served side by side; whoever comes on top makes all of them wait.
    const found = serve(20, (inFlight) => 8 * Math.max(1, inFlight / 40))
    assert.isAtLeast(found, 40)
    assert.isAtMost(found, 110)
  })

  it("takes a request that is slow by its kind for what it is", () => {
    const { serve } = node()
    serve(2, () => 10)
    const before = serve(1, () => 10)
    assert.isAtLeast(
      serve(2, () => 60, order),
      before
    )
  })

  it("falls for the kind of request that is slowed down most, however many others are quick", () => {
    const { limit, serve } = node()
    serve(2, () => 10)
    serve(1, () => 30, order)
    const before = limit.current
    for (let now = 3_000; now < 4_000; now++) {
      limit.answered(page, 1, now)
      // Thirty a second: three in a window.
      if (now % 33 === 0) limit.answered(order, 300, now)
    }
    assert.isBelow(limit.current, before / 2)
  })

  it("is not fooled by answers that are quicker than anybody notices", () => {
    const { serve } = node()
    serve(2, () => 0.2)
    const before = serve(1, () => 0.2)
    assert.isAtLeast(
      serve(2, () => 2),
      before
    )
  })

  it("falls when requests are given up at their deadlines", () => {
    const { limit, serve } = node()
    const before = serve(1, () => 10)
    for (let now = 1_000; now < 1_500; now++) limit.gaveUp(page, now)
    assert.isBelow(limit.current, before)
  })

  it("learns in minutes that the world has become slower for good", () => {
    const { serve } = node()
    serve(2, () => 10)
    assert.strictEqual(
      serve(60, () => 40),
      20
    )
    let minutes = 1
    while (serve(60, () => 40) < 200 && minutes < 240) minutes++
    assert.isBelow(minutes, 120)
  })

  it("keeps the last fifth from what nobody would miss", () => {
    const limit = new AdmissionLimit(0, spare)
    let let_in = 0
    const recommendations = trafficOf("GET", "/v1/products/prd_1/recommendations")
    while (limit.hasRoom(recommendations)) {
      limit.enter(recommendations)
      let_in++
    }
    assert.strictEqual(let_in, 25)
    assert.isTrue(limit.hasRoom(page))
  })

  it("keeps the last tenth from orders, placed or looked at", () => {
    const limit = new AdmissionLimit(0, spare)
    const looked = trafficOf("GET", "/v1/orders/ord_1")
    let orders = 0
    for (const traffic = () => (orders % 2 === 0 ? order : looked); limit.hasRoom(traffic()); orders++) {
      limit.enter(traffic())
    }
    assert.strictEqual(orders, 28)
    assert.isTrue(limit.hasRoom(page))
    limit.leave(looked)
    assert.isTrue(limit.hasRoom(order))
  })
})

describe("traffic", () => {
  it.each([
    ["POST", "/v1/orders", "critical"],
    ["POST", "/v1/orders/ord_1/cancel", "critical"],
    ["POST", "/v1/orders/ord_1/refunds", "critical"],
    ["POST", "/v1/webhooks/payments", "critical"],
    ["GET", "/v1/deferred/dfr_1", "critical"],
    ["GET", "/v1/orders/ord_1?wait=5", "default"],
    ["POST", "/v1/sessions", "default"],
    ["POST", "/v1/users", "default"],
    ["GET", "/v1/products?limit=5", "default"],
    ["GET", "/v1/ordersandmore", "default"],
    ["GET", "/v1/products/prd_1/recommendations", "sheddable"],
    ["GET", "/docs", "sheddable"],
    ["GET", "/problems/not_found", "sheddable"],
    ["GET", "/readyz?verbose", "outside"],
    ["GET", "/livez", "outside"],
    ["GET", "/v1/status", "outside"],
    ["POST", "/livez", "default"]
  ] as const)("%s %s is %s", (method, url, priority) => {
    assert.strictEqual(trafficOf(method, url).priority, priority)
  })
})
