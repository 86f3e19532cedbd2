/**
 * The one list of places where a rule does not hold, each with the reason. An exemption covers one rule in one place; one
 * that covers nothing any more fails the test, so that the list only holds what is true.
 */
export interface Exemption {
  readonly rule: string
  /** A file, or a folder with a `/` at its end. */
  readonly place: string
  readonly reason: string
}

const running = "an effect run outside an entry point"
const clockAndChance = "time or chance from outside of a service"

export const exemptions: ReadonlyArray<Exemption> = [
  {
    rule: running,
    place: "src/resilience/",
    reason:
      "Attempts, timers and log lines are fibers that no single caller owns, started with the call's own services."
  },
  {
    rule: clockAndChance,
    place: "src/database/watchedSocket.ts",
    reason: "The watchdog times a real socket's silence, below Effect, where a test's clock must not reach."
  },
  {
    rule: clockAndChance,
    place: "src/sandbox/StandIns.ts",
    reason: "A secret that is made once, outside of production, and kept on disk: nothing is to be repeated with it."
  },
  {
    rule: "`throw` or `null` for a failure",
    place: "src/sandbox/payments/render.ts",
    reason: "The provider's wire format says null where there is no next action: it is a value there, not a failure."
  },
  {
    rule: running,
    place: "src/ops/cli/main.ts",
    reason: "It is a program of its own, which operators start."
  },
  {
    rule: "an HTTP call outside a Dependency",
    place: "src/client/",
    reason: "It is the program of somebody else who calls the shop; no part of the shop calls it."
  },
  {
    rule: "an HTTP call outside a Dependency",
    place: "src/ops/cli/",
    reason: "A command of a person: it is not repeated, and what fails is shown; a policy would hide it."
  },
  {
    rule: "process.env outside config.ts",
    place: "src/ops/cli/OpsClient.ts",
    reason: "It belongs to a program of its own, which needs no setting of a node but where it is and who asks."
  },
  {
    rule: "an HTTP call outside a Dependency",
    place: "src/config.ts",
    reason: "It asks node:net whether a text is an address; nothing is opened."
  },
  {
    rule: "an HTTP call outside a Dependency",
    place: "src/http/rates/clientAddress.ts",
    reason: "It asks node:net whether an address is in a list; nothing is opened."
  },
  {
    rule: clockAndChance,
    place: "src/telemetry/randomIds.ts",
    reason:
      "Ids of spans and requests come from it: nothing is decided by them, and a test provides another layer of RequestId."
  },
  {
    rule: "an HTTP call outside a Dependency",
    place: "src/telemetry/",
    reason:
      "The collector is no dependency: nobody waits for it, and nothing depends on what it says. It has its own bounds."
  },
  {
    rule: "a sleep in a test",
    place: "test/chaos/FaultProxy.ts",
    reason: "A slow wire: how late it delivers is the fault itself, and nobody waits for it."
  },
  {
    rule: "a sleep in a test",
    place: "test/http/rawClient.ts",
    reason: "A slow client: the time between its bytes is what is tried, and what the server does about it ends it."
  },
  {
    rule: "a call without a deadline",
    place: "src/http/Admission.ts",
    reason: "A place in the line, which a timer takes away after a tenth of a second; nothing outside is called."
  }
]
