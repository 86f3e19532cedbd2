/**
 * The 503 `overloaded` as bytes that are ready before anybody comes: the boundary's own answer, from the same row of the
 * table and in the same order, with gaps for the id and the time of the request. Written by Node, or as it goes over the
 * wire for whom Node has not parsed.
 */
import type { ServerResponse } from "node:http"
import { NodeOverloaded } from "./errors.ts"
import { keepAliveMillis } from "./limits.ts"
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
  readonly timestamp: Date
  readonly waitSeconds: number
  readonly forBrowsers: Readonly<Record<string, string>>
}

const security = Object.entries(securityHeaders).flat()
const lines = (headers: ReadonlyArray<string>) =>
  headers.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("")
const securityLines = lines(security)
const statusLine = `HTTP/1.1 ${row.status} Service Unavailable\r\n`
/** What Node says of a connection that stays open. */
const staysOpen = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMillis / 1000)}\r\n\r\n`

export const makeOverloadAnswer = () => {
  const templates = new Map<number, Template>()
  const templateFor = (waitSeconds: number): Template => {
    const known = templates.get(waitSeconds)
    if (known !== undefined) return known
    const made = templateOf(waitSeconds)
    templates.set(waitSeconds, made)
    return made
  }
  const headersOf = ({ bytes, waitSeconds }: Template, requestId: string) => [
    "cache-control",
    "no-store",
    "retry-after",
    waitSeconds,
    "content-type",
    contentType,
    "content-length",
    bytes,
    "request-id",
    requestId
  ]
  const bodyOf = ({ parts }: Template, requestId: string, timestamp: string) =>
    parts.map((part) => (part === idGap ? requestId : part === timestampGap ? timestamp : part)).join("")

  /** What goes over the wire before the id, by its wait; and the date of the second. */
  const heads = new Map<number, ReadonlyArray<string>>()
  const headFor = (waitSeconds: number): ReadonlyArray<string> => {
    const known = heads.get(waitSeconds)
    if (known !== undefined) return known
    const made = `${statusLine}${lines(headersOf(templateFor(waitSeconds), idGap))}`.split(idGap)
    heads.set(waitSeconds, made)
    return made
  }
  let second = 0
  let date = ""
  const dateOf = (timestamp: Date) => {
    const now = Math.floor(timestamp.getTime() / 1000)
    if (now !== second) [second, date] = [now, timestamp.toUTCString()]
    return date
  }

  return {
    /** Through Node. `isLast`: the connection ends with this answer. */
    write: (response: ServerResponse, refused: Refused, isLast: boolean): void => {
      const { forBrowsers, requestId, timestamp, waitSeconds } = refused
      const template = templateFor(waitSeconds)
      response.writeHead(row.status, [
        ...headersOf(template, requestId),
        ...(isLast ? ["connection", "close"] : []),
        ...Object.entries(forBrowsers).flat(),
        ...security
      ])
      response.end(bodyOf(template, requestId, timestamp.toISOString()))
    },
    /** As Node would write it, on a connection that stays open. */
    bytes: ({ forBrowsers, requestId, timestamp, waitSeconds }: Refused): string => {
      const [before = "", after = ""] = headFor(waitSeconds)
      const more = lines(Object.entries(forBrowsers).flat())
      const body = bodyOf(templateFor(waitSeconds), requestId, timestamp.toISOString())
      return `${before}${requestId}${after}${more}${securityLines}Date: ${dateOf(timestamp)}\r\n${staysOpen}${body}`
    }
  }
}
