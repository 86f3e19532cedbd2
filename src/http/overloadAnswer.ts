/**
 * The 503 `overloaded` as bytes that are ready before anybody comes: the boundary's own answer, from the same row of the
 * table and in the same order, with gaps for the id and the time of the request.
 */
import type { ServerResponse } from "node:http"
import { NodeOverloaded } from "./errors.ts"
import { contentType } from "./Problem.ts"
import { problems } from "./problems.ts"
import { problemOf } from "./rendering.ts"
import { securityHeaders } from "./securityHeaders.ts"

/** As long as what takes their place, so that the length of the body is known as well. */
const idGap = "req_".padEnd(36, "-")
const timestampGap = "0000-00-00T00:00:00.000Z"

interface Template {
  readonly parts: ReadonlyArray<string>
  readonly waitSeconds: string
  readonly bytes: string
}

const row = problems.NodeOverloaded

const templateOf = (waitSeconds: number): Template => {
  const error = new NodeOverloaded({ retryAfterSeconds: waitSeconds })
  const occasion = { requestId: idGap, timestamp: timestampGap, safe: true }
  const text = JSON.stringify(problemOf(error, row, occasion, waitSeconds))
  return {
    parts: text.split(new RegExp(`(${idGap}|${timestampGap})`)),
    waitSeconds: String(waitSeconds),
    bytes: String(Buffer.byteLength(text))
  }
}

export interface Refused {
  readonly requestId: string
  readonly timestamp: string
  readonly waitSeconds: number
  /** Whether the connection ends with this answer. */
  readonly isLast: boolean
  readonly forBrowsers: Readonly<Record<string, string>>
}

export const makeOverloadAnswer = () => {
  const templates = new Map<number, Template>()
  const security = Object.entries(securityHeaders).flat()
  return (response: ServerResponse, refused: Refused): void => {
    const { forBrowsers, isLast, requestId, timestamp, waitSeconds } = refused
    let template = templates.get(waitSeconds)
    if (template === undefined) templates.set(waitSeconds, (template = templateOf(waitSeconds)))
    const body = template.parts
      .map((part) => (part === idGap ? requestId : part === timestampGap ? timestamp : part))
      .join("")
    response.writeHead(row.status, [
      "cache-control",
      "no-store",
      "retry-after",
      template.waitSeconds,
      "content-type",
      contentType,
      "content-length",
      template.bytes,
      "request-id",
      requestId,
      ...(isLast ? ["connection", "close"] : []),
      ...Object.entries(forBrowsers).flat(),
      ...security
    ])
    response.end(body)
  }
}
