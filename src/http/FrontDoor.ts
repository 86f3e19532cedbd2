/**
 * The front door: somebody looks at each request of a Node server before it is served, outside of any fiber.
 *
 * A request that he answers himself never becomes known to what serves the others. Each listener has a door of its own.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** Answers, or lets the request go on: at once or later, and once only. */
export type Doorkeeper = (request: IncomingMessage, response: ServerResponse, goOn: () => void) => void

type Emit = (event: string, ...args: ReadonlyArray<unknown>) => boolean

/** What Node says for a request that is to be answered; `checkContinue` when the client waits to be asked for the body. */
const isRequest = (event: string) => event === "request" || event === "checkContinue"

export class FrontDoor extends Context.Service<
  FrontDoor,
  {
    /** Nobody stands there until then, nor afterwards. */
    readonly keep: (doorkeeper: Doorkeeper) => Effect.Effect<void, never, Scope.Scope>
  }
>()("holdfast/http/FrontDoor") {
  static readonly layerOf = (server: Server) =>
    Layer.sync(FrontDoor, () => {
      let keeper: Doorkeeper | undefined = undefined as Doorkeeper | undefined
      const emit: Emit = server.emit.bind(server)
      const looked: Emit = (event, ...args) => {
        if (keeper === undefined || !isRequest(event)) return emit(event, ...args)
        const [request, response] = args as [IncomingMessage, ServerResponse]
        keeper(request, response, () => void emit(event, request, response))
        return true
      }
      server.emit = looked
      return {
        keep: (doorkeeper) =>
          Effect.acquireRelease(
            Effect.sync(() => void (keeper = doorkeeper)),
            () => Effect.sync(() => (keeper = undefined))
          )
      }
    })
}
