/**
 * How the shop treats Redis, and why. Nothing is right or wrong because of it: it makes limits and circuits common to all
 * nodes. No fallback: each node has its own of both beside it, and goes on with them; so there is one short try.
 */
import { Effect, Random } from "effect"
import { Backoff } from "../../resilience/index.ts"
import type { Policy } from "../../resilience/index.ts"

export const redisPolicy: Policy = {
  /** It answers in one; a request that is counted there may be slower for it by so much, and no more. */
  attemptTimeout: "40 millis",
  attempts: 1,
  backoff: Backoff.full({ base: "1 millis", cap: "1 millis" }),
  deadline: "50 millis",
  attemptFloor: "5 millis",
  /** One connection takes them all; at a millisecond each that is far more than a node is asked for. */
  concurrency: 100,
  breaker: {
    /** Few, so that few requests are slower when it is gone; while the circuit is open none is. */
    consecutive: 3,
    openFor: "1 second",
    probes: 1,
    /** Slow all the time is as good as gone: each order would be slower, for a count that is a little more exact. */
    rate: { failures: 0.5, minimumCalls: 20, window: "5 seconds", slow: { share: 0.5, over: "25 millis" } }
  },
  /** Who left is not waited for. */
  interruptGrace: "1 millis"
}

/** How often it is asked whether it is there: it is known before a request has to find out. */
export const askEvery = "1 second"

/** Until a connection stands. */
export const connectMillis = 1_000
const reconnectMillis = 250
/** From each pause to the next, of the range: tries of one client are spread evenly over it, however many there are. */
const goldenRatio = 0.618
/**
 * Milliseconds between two tries to connect: 250, and up to as much again. Each client draws where in that it begins, so
 * that nodes which lost it together do not come back together.
 */
export const drawReconnectPauses = Effect.map(
  Random.next,
  (phase) => (tries: number) => reconnectMillis * (1 + ((phase + tries * goldenRatio) % 1))
)
/** What is asked before it is sent: more would be answered too late anyway. */
export const queueLength = 200

/**
 * Whose circuits are told of to other nodes: those of providers elsewhere, which are as far from each node. One that is
 * about a node's own pool or its own Redis says nothing about another node.
 */
export const sharedCircuits = ["payments", "inventory", "recommendations", "analytics", "email"] as const
