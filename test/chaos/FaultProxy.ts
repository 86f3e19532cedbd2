/**
 * A wire to a server of this machine that can fail: between the shop and PostgreSQL, or the shop and a provider.
 *
 * The address of the wire never changes, whatever becomes of the server behind it. A fault holds until the next one is
 * set, for open connections as for new ones; when the wire is whole again, what was held back goes on, in order.
 */
import * as net from "node:net"
import { Effect, Schedule } from "effect"

export type WireFault =
  | { readonly _tag: "None" }
  /** Open connections are reset, and nobody listens for new ones. */
  | { readonly _tag: "Refuse" }
  /** Nothing comes through and nobody is told: in both directions, or only towards one side. */
  | { readonly _tag: "Silent"; readonly towards?: Side }
  /** Everything comes so much later: in each direction, or only towards one side. */
  | { readonly _tag: "Slow"; readonly millis: number; readonly towards?: Side }
  /** Each n-th time that the client says this, the server hears it and the client hears nothing more. */
  | { readonly _tag: "Unheard"; readonly says: RegExp; readonly every: number }

export type Side = "server" | "client"

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

/** Nobody else gets a port that was free a moment ago, or not for long. */
const listensAgain = Schedule.spaced("50 millis").pipe(Schedule.upTo({ times: 100 }))

/** Hands on what it is given, and the end, after the delay of the moment; never one before another. */
const inOrder = (to: net.Socket, delayMillis: () => number) => {
  const waiting: Array<Buffer | "end"> = []
  let last = 0
  const hand = (what: Buffer | "end" | undefined) => {
    if (what === "end") to.end()
    else if (what !== undefined && to.writable) to.write(what)
  }
  return (what: Buffer | "end") => {
    const now = performance.now()
    const due = Math.max(last, now + delayMillis())
    if (waiting.length === 0 && due <= now) return hand(what)
    last = due
    waiting.push(what)
    setTimeout(() => hand(waiting.shift()), due - now)
  }
}

export const faultProxy = Effect.fnUntraced(function* (target: Target) {
  let fault: WireFault = { _tag: "None" }
  let said = 0
  let unheard = 0
  const pairs = new Set<Pair>()
  const strikes = (side: Side) => !("towards" in fault) || fault.towards === undefined || fault.towards === side
  const delayTowards = (side: Side) => () => (fault._tag === "Slow" && strikes(side) ? fault.millis : 0)

  const carry = (from: net.Socket, to: net.Socket, side: Side) => {
    const hand = inOrder(to, delayTowards(side))
    from.on("data", hand)
    from.on("end", () => hand("end"))
    from.on("error", () => to.resetAndDestroy())
  }
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
      return
    }
    for (const [from, side] of [[client, "server"] as const, [server, "client"] as const]) {
      if (fault._tag === "Silent" && strikes(side)) from.pause()
      else from.resume()
    }
  }

  const proxy = net.createServer((client) => {
    const server = net.connect(target.port, target.host)
    const pair = { client, server }
    pairs.add(pair)
    if (target.hear !== undefined) client.on("data", target.hear)
    carry(client, server, "server")
    carry(server, client, "client")
    cutWhenSaid(pair)
    client.on("close", () => server.end())
    for (const socket of [client, server]) {
      socket.on("close", () => client.destroyed && server.destroyed && pairs.delete(pair))
    }
    obey(pair)
  })
  const listen = (port: number) =>
    Effect.callback<void, NodeJS.ErrnoException>((resume) => {
      const refused = (cause: NodeJS.ErrnoException) => resume(Effect.fail(cause))
      proxy.once("error", refused)
      proxy.listen(port, "127.0.0.1", () => {
        proxy.off("error", refused)
        resume(Effect.void)
      })
    })
  yield* Effect.acquireRelease(Effect.orDie(listen(0)), () =>
    Effect.sync(() => {
      proxy.close()
      for (const { client, server } of pairs) [client, server].forEach((socket) => socket.destroy())
    })
  )
  const { port } = proxy.address() as net.AddressInfo
  return {
    port,
    set: (next) =>
      Effect.gen(function* () {
        fault = next
        if (next._tag === "Refuse" && proxy.listening) proxy.close()
        for (const pair of pairs) obey(pair)
        if (next._tag !== "Refuse" && !proxy.listening) {
          yield* listen(port).pipe(Effect.retry(listensAgain), Effect.orDie)
        }
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
