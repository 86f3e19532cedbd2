/**
 * A client that costs little: raw sockets that are kept open, one request on each at a time, answers read as far as
 * their length says. It shares the machine with what it measures, so everything in it is as cheap as can be.
 */
import * as net from "node:net"
import { Tally } from "./Tally.ts"

/** One kind of request, as it goes over the wire. */
export interface Kind {
  readonly name: string
  readonly deadlineMillis: number
  readonly next: () => string
}

interface Ticket {
  readonly kind: Kind
  /** From when it was due, not from when it could be sent: who queues up at home waits as well. */
  readonly due: number
}

const headEnd = Buffer.from("\r\n\r\n")
const lengthName = Buffer.from("\r\ncontent-length: ")
/** Node writes it with a capital; whoever wrote it himself did not. */
const closeName = Buffer.from("onnection: close\r\n")
const digit = { zero: 48, nine: 57 }

const numberAt = (bytes: Buffer, from: number): number => {
  let value = 0
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte < digit.zero || byte > digit.nine) break
    value = value * 10 + byte - digit.zero
  }
  return value
}
const statusOffset = "HTTP/1.1 ".length

class Connection {
  readonly socket: net.Socket
  ticket: Ticket | undefined = undefined
  private readonly client: Client
  private pending: Buffer | undefined = undefined

  constructor(client: Client, port: number) {
    this.client = client
    this.socket = net.connect({ port, host: "127.0.0.1", noDelay: true })
    this.socket.on("data", (data) => this.read(data))
    this.socket.on("error", () => undefined)
    this.socket.on("close", () => this.client.closed(this))
  }

  send(ticket: Ticket): void {
    this.ticket = ticket
    this.socket.write(ticket.kind.next(), "latin1")
  }

  private read(data: Buffer): void {
    const bytes = this.pending === undefined ? data : Buffer.concat([this.pending, data])
    const end = bytes.indexOf(headEnd)
    const lengthAt = end < 0 ? -1 : bytes.indexOf(lengthName)
    const length = lengthAt >= 0 && lengthAt < end ? numberAt(bytes, lengthAt + lengthName.length) : 0
    if (end < 0 || bytes.length < end + headEnd.length + length) {
      this.pending = bytes
      return
    }
    this.pending = undefined
    const closeAt = bytes.indexOf(closeName)
    const status = numberAt(bytes, statusOffset)
    const code = status < 400 ? "" : (/"code":"(\w+)"/.exec(bytes.toString("latin1", end))?.[1] ?? String(status))
    const { ticket } = this
    this.ticket = undefined
    if (ticket !== undefined) this.client.answered(ticket, code)
    if (closeAt >= 0 && closeAt < end) this.socket.destroy()
    else this.client.idle(this)
  }
}

export class Client {
  /** How late requests were sent, in milliseconds: more than a few, and it is the client that is overloaded. */
  readonly late: Array<number> = []
  /** Requests that were due while every connection was busy, and were not sent. */
  unsent = 0
  /** Any answer at all. */
  answers = 0
  private readonly tallies = new Map<Kind, Tally>()
  private readonly port: number
  private readonly most: number
  private readonly resting: Array<Connection> = []
  private readonly all = new Set<Connection>()
  private next: (() => Ticket) | undefined = undefined

  constructor(port: number, mostConnections: number) {
    this.port = port
    this.most = mostConnections
  }

  tallyOf(kind: Kind): Tally {
    let tally = this.tallies.get(kind)
    if (tally === undefined) this.tallies.set(kind, (tally = new Tally()))
    return tally
  }

  get busy(): number {
    return this.all.size - this.resting.length
  }

  /** As many requests at once as there are connections, one after the other on each, until the time is over. */
  async closedLoop(next: () => Kind, atOnce: number, millis: number): Promise<void> {
    this.next = () => ({ kind: next(), due: performance.now() })
    for (let index = 0; index < atOnce; index++) this.open().send(this.next())
    await pause(millis)
    this.next = undefined
    await this.quiet(5_000)
  }

  /** All the connections that there will be, open before anything is asked; a few at a time, as a proxy would have them. */
  async connect(): Promise<void> {
    while (this.all.size < this.most) {
      const some = Array.from({ length: Math.min(64, this.most - this.all.size) }, () => this.open())
      await Promise.all(
        some.map(({ socket }) => new Promise<void>((resolve) => socket.once("connect", () => resolve())))
      )
      this.resting.push(...some)
    }
  }

  /** So many requests of each kind a second, whatever becomes of them. */
  async openLoop(rates: ReadonlyMap<Kind, number>, millis: number): Promise<void> {
    const began = performance.now()
    // Each kind begins somewhere else within its own interval, so that they do not come together.
    const streams = [...rates].map(([kind, perSecond], index) => ({
      kind,
      tally: this.tallyOf(kind),
      interval: 1000 / perSecond,
      due: began + ((index + 0.5) / rates.size) * Math.min(1000 / perSecond, millis)
    }))
    for (let now = began; now - began < millis; now = performance.now()) {
      for (const stream of streams) {
        while (stream.due <= now) {
          this.send(stream.kind, stream.tally, stream.due)
          stream.due += stream.interval
        }
      }
      await pause(1)
    }
  }

  async quiet(withinMillis: number): Promise<void> {
    const until = performance.now() + withinMillis
    while (this.busy > 0 && performance.now() < until) await pause(10)
  }

  close(): void {
    for (const connection of this.all) connection.socket.destroy()
  }

  answered({ due, kind }: Ticket, code: string): void {
    this.answers++
    const now = performance.now()
    const tally = this.tallyOf(kind)
    const millis = now - due
    if (code === "overloaded") tally.refusedMillis.push(millis)
    else if (code !== "") tally.other(code)
    else if (millis > kind.deadlineMillis) tally.other("late")
    else {
      tally.goodMillis.push(millis)
      tally.goodAt.push(now)
    }
  }

  idle(connection: Connection): void {
    if (this.next === undefined) this.resting.push(connection)
    else connection.send(this.next())
  }

  closed(connection: Connection): void {
    this.all.delete(connection)
    if (connection.ticket !== undefined) this.tallyOf(connection.ticket.kind).other("lost")
    const at = this.resting.indexOf(connection)
    if (at >= 0) this.resting.splice(at, 1)
    if (this.next !== undefined) this.open().send(this.next())
  }

  private send(kind: Kind, tally: Tally, due: number): void {
    tally.sent++
    const connection = this.resting.pop() ?? (this.all.size < this.most ? this.open() : undefined)
    if (connection === undefined) this.unsent++
    else {
      this.late.push(performance.now() - due)
      connection.send({ kind, due })
    }
  }

  private open(): Connection {
    const connection = new Connection(this, this.port)
    this.all.add(connection)
    return connection
  }
}

export const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

/** A request as it goes over the wire. */
export const wire = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = ""
): string => {
  const all =
    body === ""
      ? headers
      : { ...headers, "content-type": "application/json", "content-length": `${Buffer.byteLength(body)}` }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${path} HTTP/1.1\r\nhost: shop\r\n${lines.join("")}\r\n${body}`
}
