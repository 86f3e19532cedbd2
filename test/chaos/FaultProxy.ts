/**
 * A wire to a server of this machine that can fail: between the shop and PostgreSQL, or the shop and a provider.
 *
 * The address of the wire never changes, whatever becomes of the server behind it. A fault holds until the next one is
 * set, for open connections as for new ones; when the wire is whole again, what was held back goes on.
 */
import * as net from "node:net"
import { Effect } from "effect"

export type WireFault =
  | { readonly _tag: "None" }
  /** Open connections are reset, and so is every new one. */
  | { readonly _tag: "Refuse" }
  /** Nothing comes through, in either direction, and nobody is told. */
  | { readonly _tag: "Silent" }
  /** Everything comes so much later, in each direction. */
  | { readonly _tag: "Slow"; readonly millis: number }
  /** Each n-th time that the client says this, the server hears it and the client hears nothing more. */
  | { readonly _tag: "Unheard"; readonly says: RegExp; readonly every: number }

export interface FaultProxy {
  readonly port: number
  readonly set: (fault: WireFault) => Effect.Effect<void>
  /** How often something was cut because it was `Unheard`. */
  readonly unheard: Effect.Effect<number>
}

interface Pair {
  readonly client: net.Socket
  readonly server: net.Socket
}

interface Target {
  readonly host: string
  readonly port: number
  /** Everything that a client says, as it comes. */
  readonly hear?: (chunk: Buffer) => void
}

export const faultProxy = Effect.fnUntraced(function* (target: Target) {
  let fault: WireFault = { _tag: "None" }
  let said = 0
  let unheard = 0
  const pairs = new Set<Pair>()

  const carry = (from: net.Socket, to: net.Socket) =>
    from.on("data", (chunk) => {
      if (fault._tag === "Slow") setTimeout(() => to.writable && to.write(chunk), fault.millis)
      else to.write(chunk)
    })
  const cutWhenSaid = ({ client, server }: Pair) =>
    client.on("data", (chunk) => {
      if (fault._tag !== "Unheard" || !fault.says.test(chunk.toString("latin1")) || ++said % fault.every !== 0) return
      unheard += 1
      server.removeAllListeners("data").resume()
      client.destroy()
    })
  const obey = ({ client, server }: Pair) => {
    if (fault._tag === "Refuse") {
      client.resetAndDestroy()
      server.destroy()
    } else if (fault._tag === "Silent") {
      client.pause()
      server.pause()
    } else {
      client.resume()
      server.resume()
    }
  }

  const proxy = net.createServer((client) => {
    const server = net.connect(target.port, target.host)
    const pair = { client, server }
    pairs.add(pair)
    if (target.hear !== undefined) client.on("data", target.hear)
    carry(client, server)
    carry(server, client)
    cutWhenSaid(pair)
    for (const [from, to] of [[client, server] as const, [server, client] as const]) {
      from.on("error", () => to.destroy())
      from.on("close", () => {
        pairs.delete(pair)
        to.end()
      })
    }
    obey(pair)
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void proxy.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        proxy.close()
        for (const { client, server } of pairs) [client, server].forEach((socket) => socket.destroy())
      })
  )
  return {
    port: (proxy.address() as net.AddressInfo).port,
    set: (next) =>
      Effect.sync(() => {
        fault = next
        for (const pair of pairs) obey(pair)
      }),
    unheard: Effect.sync(() => unheard)
  } satisfies FaultProxy
})

/** The same URL, over the wire. */
export const over = ({ port }: FaultProxy, url: string): string => {
  const copy = new URL(url)
  copy.hostname = "127.0.0.1"
  copy.port = String(port)
  return copy.href
}
