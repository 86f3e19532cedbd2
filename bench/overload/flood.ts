/** Floods of a rate, and the highest rate that the shop keeps up with. */
import { Client, type Kind, pause } from "../load/Client.ts"
import type { Tally } from "../load/Tally.ts"
import { quantile } from "../load/Tally.ts"
import type { RunningShop } from "./shop.ts"

export interface Flood {
  readonly seconds: number
  readonly began: number
  readonly tallies: ReadonlyMap<Kind, Tally>
  readonly unsent: number
  /** Of the sending itself, in milliseconds. */
  readonly lateP99: number
  /** The most that the node had, in megabytes. */
  readonly rss: number
  /** Cores in use on average: by the node, and by this process, which is the client. */
  readonly nodeCores: number
  readonly clientCores: number
}

/** What a proxy keeps open to a node: more than are let in, wait and are refused at any moment. */
const connections = 512
/** What is to be over before the next one begins; half of it for answers, then a rest. */
const quietMillis = 5_000
const restMillis = 1_000

const ownCpu = () => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

export const flood = async (shop: RunningShop, rates: ReadonlyMap<Kind, number>, seconds: number): Promise<Flood> => {
  const client = new Client(shop.port, connections)
  await client.connect()
  const [began, node, own] = [performance.now(), shop.cpu(), ownCpu()]
  let rss = shop.rss()
  const watch = setInterval(() => (rss = Math.max(rss, shop.rss())), 250)
  await client.openLoop(rates, seconds * 1000)
  const took = (performance.now() - began) / 1000
  const [nodeCores, clientCores] = [(shop.cpu() - node) / took, (ownCpu() - own) / took]
  await client.quiet(quietMillis)
  clearInterval(watch)
  client.close()
  await pause(restMillis)
  return {
    seconds,
    began,
    tallies: new Map([...rates.keys()].map((kind) => [kind, client.tallyOf(kind)])),
    unsent: client.unsent,
    lateP99: quantile(client.late, 0.99),
    rss,
    nodeCores,
    clientCores
  }
}

export const goodOf = ({ tallies }: Flood): number =>
  [...tallies.values()].reduce((sum, { goodMillis }) => sum + goodMillis.length, 0)
export const sentOf = ({ tallies }: Flood): number => [...tallies.values()].reduce((sum, { sent }) => sum + sent, 0)

export const ratesOf = (shares: ReadonlyMap<Kind, number>, perSecond: number) =>
  new Map([...shares].map(([kind, share]) => [kind, share * perSecond]))

const closedClients = 8
/** Good answers a second of so many clients that each wait for their answer; the first time it also warms the shop up. */
export const closedLoopOf = async (shop: RunningShop, shares: ReadonlyMap<Kind, number>, seconds: number) => {
  const client = new Client(shop.port, closedClients)
  const owed = new Map([...shares.keys()].map((kind) => [kind, 0]))
  const next = () => {
    let found: Kind | undefined
    for (const [kind, share] of shares) {
      owed.set(kind, (owed.get(kind) ?? 0) + share)
      if (found === undefined || (owed.get(kind) ?? 0) > (owed.get(found) ?? 0)) found = kind
    }
    if (found === undefined) throw new Error("no kind of request")
    owed.set(found, (owed.get(found) ?? 0) - 1)
    return found
  }
  await client.closedLoop(next, closedClients, seconds * 1000)
  client.close()
  return [...shares.keys()].reduce((sum, kind) => sum + client.tallyOf(kind).goodMillis.length, 0) / seconds
}

/** Of what is offered: a rate at which more is lost is not one that the shop keeps up with. */
const keptUp = 0.97
const step = { seconds: 1.5, up: 1.15, down: 0.93 }
const confirmSeconds = 5

/** Answers a second at the highest offered rate that is answered within the deadlines, seen for five seconds on end. */
export const peakOf = async (shop: RunningShop, shares: ReadonlyMap<Kind, number>): Promise<number> => {
  const holds = async (perSecond: number, seconds: number) => {
    const found = await flood(shop, ratesOf(shares, perSecond), seconds)
    return goodOf(found) >= sentOf(found) * keptUp ? goodOf(found) / seconds : undefined
  }
  await closedLoopOf(shop, shares, 3)
  let rate = 0.6 * (await closedLoopOf(shop, shares, 2))
  while ((await holds(rate, step.seconds)) !== undefined) rate *= step.up
  for (;;) {
    const found = await holds(rate, confirmSeconds)
    if (found !== undefined) return found
    rate *= step.down
  }
}
