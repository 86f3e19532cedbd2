/** What kind of request it is, told by its first line: what it is worth when not everybody can be served. */
import { assert, describe, it } from "@effect/vitest"
import { trafficOf } from "../../src/http/traffic.ts"

describe("a request", () => {
  it.each([
    ["POST", "/v1/orders", "critical"],
    ["POST", "/v1/orders/ord_1/cancel?x", "critical"],
    ["POST", "/v1/webhooks/payments", "critical"],
    ["GET", "/v1/deferred/dfr_1", "critical"],
    // A browser asks before an order whether it may.
    ["OPTIONS", "/v1/orders", "critical"],
    ["OPTIONS", "/v1/orders/ord_1/cancel", "critical"],
    ["OPTIONS", "/v1/users", "default"],
    ["POST", "/v1/users", "default"],
    ["GET", "/v1/orders/ord_1", "default"],
    ["GET", "/v1/ordersof", "default"],
    ["GET", "/v1/products/prd_1/recommendations", "sheddable"],
    ["GET", "/docs", "sheddable"],
    ["GET", "/livez?verbose", "outside"],
    ["HEAD", "/v1/status", "outside"],
    ["POST", "/livez", "default"]
  ])("%s %s is %s", (method, url, priority) => {
    assert.strictEqual(trafficOf(method, url).priority, priority)
  })
})
