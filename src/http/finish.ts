/** What every answer carries that leaves through the boundary, whoever produced it. */
import { HttpServerResponse } from "effect/http"
import { rateHeaders, type Standing } from "./rates/rateHeaders.ts"
import { securityHeaders } from "./securityHeaders.ts"

export interface Ending {
  readonly id: string
  /** Whether the connection ends with this answer. */
  readonly isLast: boolean
  readonly standings: ReadonlyArray<Standing>
  readonly forBrowsers: Readonly<Record<string, string>>
}

/** An answer says for itself who may keep it, and a page what it may load; what says nothing is nobody's to keep. */
export const finish = (
  response: HttpServerResponse.HttpServerResponse,
  { forBrowsers, id, isLast, standings }: Ending
): HttpServerResponse.HttpServerResponse => {
  const headers: Record<string, string> = {
    "request-id": id,
    ...(isLast ? { connection: "close" } : {}),
    ...forBrowsers
  }
  if (standings.length > 0) Object.assign(headers, rateHeaders(standings))
  for (const [name, value] of Object.entries(securityHeaders)) {
    if (response.headers[name] === undefined) headers[name] = value
  }
  if (response.headers["cache-control"] === undefined) headers["cache-control"] = "no-store"
  return HttpServerResponse.setHeaders(response, headers)
}
