/** The place in every endpoint where its typed errors and rejected fields become problems. Outermost; `Boundary.ts` fills it. */
import { HttpApiMiddleware } from "effect/http-api"

export class ErrorRendering extends HttpApiMiddleware.Service<ErrorRendering>()("holdfast/http/ErrorRendering") {}
