/**
 * The shortcut of a crowd: on a connection on which somebody was refused, whoever is refused next is answered from the bytes
 * of his request, and Node's parser never sees them. That is half of what a refusal costs.
 *
 * Only what cannot be mistaken is looked at: a GET without a body that is exactly what was read, while nothing else is
 * asked on its connection and the parser holds nothing of another request. That it holds nothing is known from the
 * parser: such a text was the last that went in, ends where a request ends, and made one whole. Everything else goes
 * Node's way.
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import type { Caller } from "./rates/clientAddress.ts"

/** Longer than what browsers and proxies send for a page; matching costs time for each byte. */
const mostBytes = 2_048
const wholeGet = /^GET (\/[!-~]*) HTTP\/1\.1\r\n(?:[\w-]+:[\t -~]*\r\n)+\r\n$/
/** With one of these it has a body, asks for another protocol, or wants the connection to end. */
const special = /\n(?:connection|content-length|expect|te|trailer|transfer-encoding|upgrade):/i

/** A request by its bytes. */
class Plain implements Caller {
  readonly target: string
  /** As a request of Node's has it. */
  readonly source: { readonly socket: Socket }
  private readonly text: string

  constructor(target: string, text: string, socket: Socket) {
    this.target = target
    this.text = text
    this.source = { socket }
  }

  /** By their names in small letters, as Node has them; asked for seldom. */
  get headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {}
    for (const line of this.text.trimEnd().split("\r\n").slice(1)) {
      const colon = line.indexOf(":")
      const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
    }
    return headers
  }
}

const plainOf = (bytes: Buffer, socket: Socket): Plain | undefined => {
  if (bytes.length > mostBytes) return undefined
  const text = bytes.toString("latin1")
  const target = wholeGet.exec(text)?.[1]
  return target === undefined || special.test(text) ? undefined : new Plain(target, text, socket)
}

/** The last request of a connection that Node has parsed. */
interface Parsed {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

const isOver = ({ response }: Parsed): boolean => response.writableFinished || response.destroyed

/** Who does not read his answers is for Node: it reads no more of him until he does. */
const takesMore = (socket: Socket): boolean => socket.writable && !socket.writableNeedDrain

/** `glance` refuses by giving the bytes of the answer, and lets a request go Node's way by giving none. */
export const makeShortcut = (glance: (glanced: Caller & { readonly target: string }) => string | undefined) => {
  const latest = new WeakMap<Socket, Parsed>()

  const shorten = (socket: Socket) => {
    const emit = socket.emit.bind(socket) as (event: string | symbol, ...args: ReadonlyArray<unknown>) => boolean
    let isBetween = false
    const arrived = (bytes: Buffer): boolean => {
      const before = latest.get(socket)
      const plain = plainOf(bytes, socket)
      if (plain !== undefined && isBetween && before !== undefined && isOver(before) && takesMore(socket)) {
        const answer = glance(plain)
        if (answer !== undefined) {
          socket.write(answer, "latin1")
          return true
        }
      }
      const heard = emit("data", bytes)
      const after = latest.get(socket)
      isBetween = plain !== undefined && after !== before && after?.request.complete === true
      return heard
    }
    // Node reads such a connection below JavaScript until somebody else wants its bytes.
    socket.on("data", () => undefined)
    socket.emit = (event: string | symbol, ...args: ReadonlyArray<unknown>) =>
      event === "data" ? arrived(args[0] as Buffer) : emit(event, ...args)
  }

  return {
    /** Each request that Node has parsed, on a connection with a shortcut. */
    parsed: (request: IncomingMessage, response: ServerResponse): void => {
      if (latest.has(request.socket)) latest.set(request.socket, { request, response })
    },
    /** The connection of a request that was refused has a shortcut from then on. */
    open: (request: IncomingMessage, response: ServerResponse): void => {
      const { socket } = request
      if (latest.has(socket)) return
      latest.set(socket, { request, response })
      shorten(socket)
    }
  }
}
