/**
 * TLS before a server of this machine that speaks none, with a certificate that nobody has signed but itself; and an ear
 * for who does not speak TLS to it.
 *
 * `openssl` makes the certificate. Everything is gone with the scope.
 */
import { execFileSync } from "node:child_process"
import * as net from "node:net"
import * as tls from "node:tls"
import { readFileSync } from "node:fs"
import { Effect } from "effect"

export interface TlsWire {
  readonly url: string
  /** The file with the certificate: who trusts it gets through. */
  readonly certificate: string
  /** How many connections came, and how many of them began with anything but a handshake. */
  readonly heard: Effect.Effect<{ readonly all: number; readonly plain: number }>
}

/** The first byte of a TLS handshake. */
const handshake = 0x16

const selfSigned = (folder: string) =>
  Effect.sync(() => {
    const [key, certificate] = [`${folder}/tls-key.pem`, `${folder}/tls-certificate.pem`]
    const request = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2"
    ]
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    execFileSync("openssl", [...request, ...subject, "-keyout", key, "-out", certificate], { stdio: "ignore" })
    return { key, certificate }
  })

/** Before the server on `port`. */
export const tlsWire = Effect.fnUntraced(function* (port: number, folder: string) {
  const { certificate, key } = yield* selfSigned(folder)
  let [all, plain] = [0, 0]
  const open = new Set<net.Socket>()
  const kept = (socket: net.Socket) => {
    open.add(socket)
    socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy())
    return socket
  }
  const terminator = tls.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (client) => {
    const server = kept(net.connect(port, "127.0.0.1"))
    kept(client).on("close", () => server.destroy())
    server.on("close", () => client.destroy())
    client.pipe(server).pipe(client)
  })
  const listener = net.createServer((socket) => {
    all += 1
    kept(socket).once("readable", () => {
      const first: Buffer | null = socket.read(1)
      if (first === null) return
      if (first[0] !== handshake) {
        plain += 1
        socket.destroy()
        return
      }
      socket.unshift(first)
      terminator.emit("connection", socket)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void listener.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        listener.close()
        for (const socket of open) socket.destroy()
      })
  )
  return {
    url: `https://127.0.0.1:${(listener.address() as net.AddressInfo).port}`,
    certificate,
    heard: Effect.sync(() => ({ all, plain }))
  } satisfies TlsWire
})
