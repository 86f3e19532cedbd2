/**
 * The front door: somebody looks at each request of a Node server before it is served, outside of any fiber.
 *
 * A request that he answers himself never becomes known to what serves the others. Each listener has a door of its own.
 * A port is listened on before what serves it is there: who comes in between waits for that. Nobody would answer him.
 */
import { Context, Effect, Layer, type Scope } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** Answers, or lets the request go on: at once or later, and once only. */
export type Doorkeeper = (request: IncomingMessage, response: ServerResponse, goOn: () => void) => void

type Emit = (event: string, ...args: ReadonlyArray<unknown>) => boolean

/** What Node says for a request that is to be answered; `checkContinue` when the client waits to be asked for the body. */
const isRequest = (event: string) => event === "request" || event === "checkContinue"

/** Within the moment that a start takes from listening to serving; one more is cut off. */
const mostEarly = 1_000

type Arrival = readonly [event: string, request: IncomingMessage, response: ServerResponse]

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
      const early: Array<Arrival> = []
      // Who listens already only watches.
      const watchers = server.listenerCount("request")
      const isServed = () => server.listenerCount("request") > watchers
      const looked: Emit = (event, ...args) => {
        if (!isRequest(event)) return emit(event, ...args)
        const [request, response] = args as [IncomingMessage, ServerResponse]
        if (!isServed()) {
          if (early.length < mostEarly) early.push([event, request, response])
          else request.destroy()
        } else if (keeper === undefined) return emit(event, ...args)
        else keeper(request, response, () => void emit(event, request, response))
        return true
      }
      server.emit = looked
      const letIn = () => {
        for (const [event, request, response] of early.splice(0))
          if (!response.destroyed) looked(event, request, response)
      }
      server.on("newListener", (event) => {
        if (event === "request") process.nextTick(letIn)
      })
      return {
        keep: (doorkeeper) =>
          Effect.acquireRelease(
            Effect.sync(() => void (keeper = doorkeeper)),
            () => Effect.sync(() => (keeper = undefined))
          )
      }
    })
}
