/** The contract of suggestions: products that go with one. Never an error for want of an answer: then fewer, or none. */
import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import { Product, ProductId } from "../../catalog/Product.ts"
import { degradable } from "../degraded.ts"
import { failsWith } from "../failsWith.ts"

export const SuggestionsShown = Schema.Struct({ data: Schema.Array(Product), ...degradable })

export const RecommendationsApi = HttpApiGroup.make("recommendations").add(
  HttpApiEndpoint.get("list", "/v1/products/:id/recommendations", {
    params: { id: ProductId },
    success: SuggestionsShown,
    error: failsWith("ProductNotFound", "ValidationFailed")
  })
)
