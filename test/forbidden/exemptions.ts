/**
 * The one list of places where a rule does not hold, each with the reason. An exemption covers one rule in one file; one
 * that covers nothing any more fails the test, so that the list only holds what is true.
 */
export interface Exemption {
  readonly rule: string
  readonly file: string
  readonly reason: string
}

const running = "an effect run outside an entry point"
const clockAndChance = "time or chance from outside of a service"

export const exemptions: ReadonlyArray<Exemption> = [
  {
    rule: running,
    file: "src/resilience/Dependency.ts",
    reason: "An attempt is a fiber of its own, started without Effect's scheduler in between: that is the kit's speed."
  },
  {
    rule: running,
    file: "src/resilience/Timers.ts",
    reason: "One timer for all deadlines of a dependency sleeps on Clock in a fiber that no single caller owns."
  },
  {
    rule: clockAndChance,
    file: "src/database/watchedSocket.ts",
    reason: "The watchdog times a real socket's silence, below Effect, where a test's clock must not reach."
  },
  {
    rule: clockAndChance,
    file: "src/http/RequestId.ts",
    reason: "It is the service that ids of requests come from: a test provides another layer of it."
  },
  {
    rule: clockAndChance,
    file: "src/sandbox/StandIns.ts",
    reason: "A secret that is made once, outside of production, and kept on disk: nothing is to be repeated with it."
  },
  {
    rule: "`throw` or `null` for a failure",
    file: "src/sandbox/payments/render.ts",
    reason: "The provider's wire format says null where there is no next action: it is a value there, not a failure."
  }
]
