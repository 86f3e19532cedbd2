/** An answer of a sandbox provider before it is put on the wire: whole, so that a fault can harm it. */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

export const toResponse = ({ body, headers, status }: Answer) =>
  HttpServerResponse.jsonUnsafe(body, { status, headers })
