/** The fake recommender: what stands near a product in the sandbox's catalogue, under the fault that strikes it. */
import { Effect } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type { Answer } from "../answer.ts"
import { products } from "../catalogue.ts"
import { Faults } from "../Faults.ts"
import { type During, underFault } from "../underFault.ts"

const skus = products.map(({ sku }) => sku)
const usually = 4

/** The next ones in the catalogue, and the first again after the last. */
const near = (sku: string, limit: number): Answer => {
  const place = skus.findIndex((known) => known === sku)
  if (place < 0) return { status: 404, body: { code: "unknown_sku" }, headers: {} }
  const others = [...skus.slice(place + 1), ...skus.slice(0, place)]
  return { status: 200, body: { sku, recommendations: others.slice(0, limit) }, headers: {} }
}

export const recommendationRoutes = HttpRouter.add(
  "GET",
  "/recommendations/products/:sku",
  Effect.gen(function* () {
    const faults = yield* Faults
    const request = yield* HttpServerRequest.HttpServerRequest
    const { sku = "" } = yield* HttpRouter.params
    const limit = Number(new URL(request.url, "http://sandbox").searchParams.get("limit") ?? usually)
    const fault = yield* faults.strike("GET", request.url)
    const run = ({ slow }: During) => Effect.as(slow, near(sku, limit))
    return yield* faults.counted(underFault(fault, request, run))
  })
)
