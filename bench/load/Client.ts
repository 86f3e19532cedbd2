/**
 * A client that costs little: raw sockets that are kept open, one request on each at a time, answers read as far as
 * their length says. It shares the machine with what it measures, so everything in it is as cheap as can be.
 */
import * as net from "node:net"

export interface Answered {
  readonly status: number
  /** From when it was due, not from when it could be sent: who queues up at home waits as well. */
  readonly millis: number
  /** When the answer was there. */
  readonly at: number
  readonly kind: string
  /** Of a problem; empty for what went well. */
  readonly code: string
}

interface Ticket {
  readonly kind: string
  readonly due: number
  readonly text: string
}

const headEnd = Buffer.from("\r\n\r\n")

class Connection {
  readonly socket: net.Socket
  ticket: Ticket | undefined = undefined
  private readonly client: Client
  private pending: Buffer = Buffer.alloc(0)
  private closes = false

  constructor(client: Client, port: number) {
    this.client = client
    this.socket = net.connect({ port, host: "127.0.0.1", noDelay: true })
    this.socket.on("data", (data) => this.read(data))
    this.socket.on("error", () => undefined)
    this.socket.on("close", () => this.client.closed(this))
  }

  send(ticket: Ticket): void {
    this.ticket = ticket
    this.socket.write(ticket.text)
  }

  private read(data: Buffer): void {
    this.pending = this.pending.length === 0 ? data : Buffer.concat([this.pending, data])
    const end = this.pending.indexOf(headEnd)
    if (end < 0) return
    const head = this.pending.toString("latin1", 0, end)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (this.pending.length < end + 4 + length) return
    this.closes = /\r\nconnection: close/i.test(head)
    const status = Number(head.slice(9, 12))
    const code = status < 400 ? "" : (/"code":"(\w+)"/.exec(this.pending.toString("latin1", end))?.[1] ?? "")
    this.pending = Buffer.alloc(0)
    const { ticket } = this
    this.ticket = undefined
    if (ticket !== undefined) this.client.answered(ticket, status, code)
    if (this.closes) this.socket.destroy()
    else this.client.idle(this)
  }
}

export class Client {
  readonly answers: Array<Answered> = []
  /** Requests whose connection ended without an answer. */
  lost = 0
  /** How late requests were sent, in milliseconds: more than a few, and it is the client that is overloaded. */
  readonly late: Array<number> = []
  /** Requests that were due while every connection was busy, and were not sent. */
  unsent = 0
  private readonly port: number
  private readonly most: number
  private readonly resting: Array<Connection> = []
  private readonly all = new Set<Connection>()
  private next: (() => Ticket) | undefined = undefined

  constructor(port: number, mostConnections: number) {
    this.port = port
    this.most = mostConnections
  }

  get busy(): number {
    return this.all.size - this.resting.length
  }

  send(kind: string, text: string, due = performance.now()): void {
    const connection = this.resting.pop() ?? (this.all.size < this.most ? this.open() : undefined)
    if (connection === undefined) this.unsent++
    else {
      this.late.push(performance.now() - due)
      connection.send({ kind, text, due })
    }
  }

  /** As many requests at once as there are connections, one after the other on each, until the time is over. */
  async closedLoop(make: () => { readonly kind: string; readonly text: string }, atOnce: number, millis: number) {
    this.next = () => ({ ...make(), due: performance.now() })
    for (let index = 0; index < atOnce; index++) this.open().send(this.next())
    await pause(millis)
    this.next = undefined
    await this.quiet(5_000)
  }

  /** So many requests a second, whatever becomes of them. */
  async openLoop(make: () => { readonly kind: string; readonly text: string }, perSecond: number, millis: number) {
    const began = performance.now()
    let sent = 0
    while (performance.now() - began < millis) {
      const due = Math.floor(((performance.now() - began) * perSecond) / 1000)
      for (; sent < due; sent++) {
        const { kind, text } = make()
        this.send(kind, text, began + (sent * 1000) / perSecond)
      }
      await pause(2)
    }
  }

  async quiet(withinMillis: number): Promise<void> {
    const until = performance.now() + withinMillis
    while (this.busy > 0 && performance.now() < until) await pause(10)
  }

  close(): void {
    for (const connection of this.all) connection.socket.destroy()
  }

  answered({ due, kind }: Ticket, status: number, code: string): void {
    const at = performance.now()
    this.answers.push({ kind, status, code, millis: at - due, at })
  }

  idle(connection: Connection): void {
    if (this.next === undefined) this.resting.push(connection)
    else connection.send(this.next())
  }

  closed(connection: Connection): void {
    this.all.delete(connection)
    if (connection.ticket !== undefined) this.lost++
    const at = this.resting.indexOf(connection)
    if (at >= 0) this.resting.splice(at, 1)
    if (this.next !== undefined) this.open().send(this.next())
  }

  private open(): Connection {
    const connection = new Connection(this, this.port)
    this.all.add(connection)
    return connection
  }
}

export const pause = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

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
