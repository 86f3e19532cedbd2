/** The HTTP contract of a recommender (docs/recommendations.md) as schemas: both ends read and write by these. */
import { Schema } from "effect"

export const RecommendedBody = Schema.Struct({ sku: Schema.String, recommendations: Schema.Array(Schema.String) })
