/**
 * The limits on how often somebody may ask, each with its reason.
 *
 * A limit is a bucket of `burst` requests that fills by one every `everyMillis`. A request that finds it empty waits for
 * the next one, if no more than `waiting` wait already; then it is refused. `leased` is how many are taken at once from a
 * count that is shared by all nodes: a node that asked for each request would make each of them slower.
 */
export interface Rate {
  readonly name: "address" | "orders" | "sign_up" | "log_in" | "log_ins"
  readonly burst: number
  readonly everyMillis: number
  readonly waiting: number
  readonly leased: number
}

export const rates = {
  /** 100 a second: what an office behind one address needs, and a tenth of what a small node bears. Waits 200 ms at most. */
  address: { name: "address", burst: 200, everyMillis: 10, waiting: 20, leased: 10 },
  /**
   * 10 a second for an account: a person makes one, a reseller's program a few. Nobody waits: inside of the door that
   * would take up a place that others need.
   */
  orders: { name: "orders", burst: 100, everyMillis: 100, waiting: 0, leased: 1 },
  /** 20 a minute for an address: each is a hash, a mail, and an answer that tells whether somebody has an account. */
  signUp: { name: "sign_up", burst: 20, everyMillis: 3_000, waiting: 0, leased: 1 },
  /** 30 a minute for an address: a class room that logs in; somebody who guesses needs weeks for a thousand passwords each. */
  logIn: { name: "log_in", burst: 30, everyMillis: 2_000, waiting: 0, leased: 1 },
  /** 50 a second by all whose device is not known: guesses from many addresses leave a core to who was here before. */
  logIns: { name: "log_ins", burst: 100, everyMillis: 20, waiting: 10, leased: 1 }
} as const satisfies Record<string, Rate>

/** Who waits holds a connection and its request, nothing else; so many at once, over all limits of a node. */
export const mostWaiting = 256

/** What a bucket of this limit holds: those that go at once, and those that wait. */
export const capacity = ({ burst, waiting }: Rate): number => burst + waiting
