/**
 * The address that a request comes from, as limits count it.
 *
 * It is the other end of the connection. Only if that is a proxy of ours (`TRUSTED_PROXIES`) is `X-Forwarded-For`
 * believed, from its right end as far as trusted proxies wrote it: anybody can send the rest. An IPv6 address counts as
 * its network of 64 bits, which is what one customer gets.
 */
import { BlockList, isIP } from "node:net"
import type { IncomingMessage } from "node:http"
import { Context } from "effect"

/** Addresses and networks (`10.0.0.0/8`), checked by the settings. */
export const TrustedProxies = Context.Reference<ReadonlyArray<string>>("holdfast/http/TrustedProxies", {
  defaultValue: () => []
})

const familyOf = (address: string) => (isIP(address) === 6 ? "ipv6" : "ipv4")

const listOf = (proxies: ReadonlyArray<string>): BlockList => {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = "", bits] = proxy.split("/")
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

/** Where nobody can be told from another; all of them together are one. */
const nowhere = "unknown"

/** An IPv4 address that a socket for both families shows in IPv6 is one of IPv4. */
const plain = (address: string): string =>
  address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address

const network = (address: string): string => {
  if (!address.includes(":")) return address
  const [head = "", tail] = (address.split("%", 1)[0] ?? "").toLowerCase().split("::")
  const groups = (text: string) => (text === "" ? [] : text.split(":"))
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const all =
    tail === undefined ? left : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`
}

/** A request, as far as its address goes: Effect's, or Node's as it came. `source` is Node's. */
export interface Caller {
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly source: object
}

const peerOf = ({ source }: Caller) => plain((source as Partial<IncomingMessage>).socket?.remoteAddress ?? nowhere)

const isOneOf = (proxies: ReadonlyArray<string>) => {
  const trusted = listOf(proxies)
  return (address: string) => isIP(address) !== 0 && trusted.check(address, familyOf(address))
}

/** Whether the other end of the connection is a proxy of ours. */
export const trustedPeer = (proxies: ReadonlyArray<string>): ((caller: Caller) => boolean) => {
  const isTrusted = isOneOf(proxies)
  return (caller) => isTrusted(peerOf(caller))
}

export const clientAddress = (proxies: ReadonlyArray<string>): ((caller: Caller) => string) => {
  if (proxies.length === 0) return (caller) => network(peerOf(caller))
  const isTrusted = isOneOf(proxies)
  return (caller) => {
    const said = String(caller.headers["x-forwarded-for"] ?? "")
      .split(",")
      .map((each) => plain(each.trim()))
    let address = peerOf(caller)
    // What is no address was written by nobody whom we know: then it is the proxy itself that asks.
    while (isTrusted(address) && isIP(said.at(-1) ?? "") !== 0) address = said.pop() ?? nowhere
    return network(address)
  }
}
