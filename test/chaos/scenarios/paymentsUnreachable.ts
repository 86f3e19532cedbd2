/**
 * The payment provider cannot be talked to at all, because of a setting: there is no host of its name, or nobody vouches
 * for its certificate. Orders are taken and wait (202); nothing is said to it in plain, and nobody who orders learns its
 * name. The nodes are replaced by such with the right setting, one after the other, and all that waited is paid, once.
 */
import { Clock, Duration, Effect } from "effect"
import type { Environment } from "../../main/process.ts"
import { gathered } from "../found.ts"
import type { Traffic } from "../load.ts"
import { replaced } from "./nodeDrained.ts"
import type { Found, Scenario } from "../Scenario.ts"
import type { World } from "../World.ts"

/** `.invalid` is no host's, anywhere (RFC 2606). */
const nowhere = "payments.invalid"
/** What an answer would give away. */
const secrets = [nowhere, "certificate", "ENOTFOUND", "EAI_AGAIN", "self-signed", "127.0.0.1"]

const given = ({ log }: Traffic): Found => {
  const answers = JSON.stringify([...log.values()].flatMap(({ answers }) => answers.map(({ body }) => body)))
  const said = secrets.filter((secret) => answers.includes(secret))
  return { notes: [], breaches: said.map((secret) => `an answer says "${secret}"`) }
}

/** As long as the setting is wrong nothing gets through; how many orders waited meanwhile. */
const nothingSaid = ({ provider }: World, from: number): Effect.Effect<Found> =>
  Effect.map(provider.traffic, ({ asked }) => {
    const heard = asked.filter((one) => one.provider === "payments" && one.at >= from).length
    return { notes: [], breaches: heard === 0 ? [] : [`payments: heard ${heard} requests all the same`] }
  })

const neverInPlain = ({ payments }: World): Effect.Effect<Found> =>
  payments === undefined
    ? Effect.succeed({ notes: [], breaches: [] })
    : Effect.map(payments.heard, ({ all, plain }) => {
        const figure = `payments: ${all} connections, ${plain} of them in plain`
        return plain === 0 && all > 0 ? { notes: [figure], breaches: [] } : { notes: [], breaches: [figure] }
      })

const unreachable = (
  name: string,
  says: string,
  more: Pick<Scenario, "env" | "paymentsOverTls">,
  right: (world: World) => Environment
): Scenario => ({
  name: `payments-${name}`,
  group: "payments",
  says: `the payment provider ${says}, until the nodes are replaced`,
  seconds: 10,
  ordersPerSecond: 4,
  nodes: 2,
  asksAgain: false,
  ...more,
  env: { SHUTDOWN_DELAY: "1 second", ...more.env },
  promised: { orders: 0.999, reads: 0.999, served: { ready: 0 }, recoverySeconds: 2, drainSeconds: 60 },
  harm: (world, seconds, traffic) =>
    Effect.gen(function* () {
      const from = yield* Clock.currentTimeMillis
      yield* Effect.sleep(Duration.seconds(seconds))
      const found = gathered(yield* nothingSaid(world, from), given(traffic), yield* neverInPlain(world))
      const ends = yield* Effect.forEach(world.nodes, (node) => replaced(node, right(world)))
      return gathered(found, { notes: [], breaches: ends.flat() })
    }),
  examine: neverInPlain
})

export const unreachablePayments: ReadonlyArray<Scenario> = [
  unreachable(
    "dns",
    "is said to be at a host that does not exist",
    { env: { STRIPE_API_BASE: `http://${nowhere}` } },
    ({ provider }) => ({ STRIPE_API_BASE: provider.env["STRIPE_API_BASE"] ?? "" })
  ),
  unreachable(
    "tls",
    "has a certificate that nobody vouches for (needs openssl)",
    { paymentsOverTls: true },
    ({ payments }) => ({ NODE_EXTRA_CA_CERTS: payments?.certificate ?? "" })
  )
]
