/**
 * The transport of every connection to the database: a socket that closes itself when the server falls silent.
 *
 * A frozen server, or a network that swallows packets, never says that it is gone: a statement would wait for ever,
 * and so would its cancellation. When bytes were written and nothing came back for `silence`, the socket is destroyed
 * and the statement fails. `silence` must be longer than the statement timeout, or slow statements would look dead.
 */
import * as net from "node:net"
import { Duplex } from "node:stream"

/** The `code` of the error that the socket is destroyed with. */
export const noAnswerCode = "HOLDFAST_NO_ANSWER"

/** A dead peer of an idle connection is noticed by the kernel, some ten seconds after this. */
const keepAliveAfterMillis = 10_000

export interface Address {
  readonly host: string
  readonly port: number
  readonly path: string | undefined
  readonly tls: boolean
}

/** What a postgres:// URL says about where the server is; `undefined` when it is none. */
export const addressOf = (url: string): Address | undefined => {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, searchParams } = new URL(url)
  if (protocol !== "postgres:" && protocol !== "postgresql:") return undefined
  const host = decodeURIComponent(searchParams.get("host") ?? hostname).replace(/^\[(.*)\]$/, "$1") || "localhost"
  const portNumber = Number(searchParams.get("port") ?? (port || 5432))
  return {
    host,
    port: portNumber,
    path: host.startsWith("/") ? `${host}/.s.PGSQL.${portNumber}` : undefined,
    tls: (searchParams.get("sslmode") ?? "disable") !== "disable"
  }
}

/** TLS takes a plain socket's bytes below JavaScript, where nobody can watch them; through this pipe it cannot. */
const piped = (socket: net.Socket): Duplex => {
  const pipe = new Duplex({
    read: () => void socket.resume(),
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    }
  })
  socket.on("data", (chunk) => {
    if (!pipe.push(chunk)) socket.pause()
  })
  socket.on("end", () => pipe.push(null))
  socket.on("error", (error) => pipe.destroy(error))
  socket.on("close", () => pipe.destroy())
  return pipe
}

export const watchedSocket = (address: Address, silenceMillis: number): Duplex => {
  const socket =
    address.path === undefined
      ? net.connect({
          host: address.host,
          port: address.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: keepAliveAfterMillis
        })
      : net.connect({ path: address.path })
  let timer: NodeJS.Timeout | undefined
  const answered = () => {
    clearTimeout(timer)
    timer = undefined
  }
  const silent = () => socket.destroy(Object.assign(new Error("The server fell silent"), { code: noAnswerCode }))
  const write = socket.write.bind(socket) as (...args: ReadonlyArray<unknown>) => boolean
  socket.write = (...args: ReadonlyArray<unknown>) => {
    timer ??= setTimeout(silent, silenceMillis)
    return write(...args)
  }
  socket.on("data", answered)
  socket.on("close", answered)
  return address.tls ? piped(socket) : socket
}
