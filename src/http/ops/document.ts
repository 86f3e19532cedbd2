/**
 * What makes the operators' document (OpenAPI 3.1) readable: the words of each operation, and schemas as the API's own
 * document has them. Everything else in it is made from the endpoints that the port runs by.
 */
import { growing, nameOf, tidied } from "../documentation/tidy.ts"

type Members = Readonly<Record<string, unknown>>

/** By the operation's id: what it does, in a few words. */
const summaries: Readonly<Record<string, string>> = {
  "deadLetters.list": "List dead letters, newest first",
  "deadLetters.groups": "Count dead letters by queue and error",
  "deadLetters.preview": "See what a replay of those that match would do",
  "deadLetters.show": "Read a dead letter and its history",
  "deadLetters.replayOne": "Replay a dead letter",
  "deadLetters.replayMany": "Replay all dead letters that match",
  "deadLetters.discardOne": "Discard a dead letter",
  "deadLetters.discardMany": "Discard all dead letters that match",
  "deadLetters.replay": "Read how a replay goes",
  "queues.list": "List the queues, and how much waits in each",
  "queues.pause": "Begin no more jobs of a queue",
  "queues.resume": "Begin jobs of a queue again",
  "operators.add": "Give an account the operator's role",
  "operators.remove": "Take the operator's role back",
  "switches.list": "List what can be switched off",
  "switches.off": "Switch something off, until a time or until it is switched on",
  "switches.on": "Switch it on again",
  "circuits.list": "List the circuits",
  "circuits.forceOpen": "Hold a circuit open",
  "circuits.disable": "Let every call through",
  "circuits.reset": "Give a circuit back, closed",
  "orders.fulfil": "Say that an order's goods are on their way",
  "invariants.list": "List what must never be, and when it was last compared",
  "explain.explain": "Explain what an id leads to: what was, why it waits, and what happens next",
  "status.status": "Say in one sentence how it is",
  "status.audit": "List what operators changed last",
  "catalogue.import": "Bring products in",
  "catalogue.price": "Set a product's price",
  "catalogue.stock": "Say how many of a product have arrived in all",
  "logLevels.list": "List how much each module says in the log",
  "logLevels.set": "Have a module say more or less in the log, until a time",
  "logLevels.reset": "Have a module say as much as usual again",
  "metrics.scrape": "Read the metrics of this node"
}

const groups: Readonly<Record<string, string>> = {
  deadLetters: "Work that was given up, until somebody decides about it.",
  queues: "Work that waits and runs.",
  operators: "Accounts that may refund.",
  switches: "Features and providers, on or off, on every node.",
  circuits: "What keeps the shop from calling a provider that is down.",
  orders: "One order of anybody's.",
  invariants: "What is never to be.",
  explain: "One id, and everything that it leads to.",
  status: "How it is, and what was done about it.",
  catalogue: "Products, their prices and their stock.",
  logLevels: "How much is said in the log of this node.",
  metrics: "For Prometheus."
}

const membersOf = (value: unknown): ReadonlyArray<readonly [string, Members]> =>
  Object.entries((value ?? {}) as Readonly<Record<string, Members>>)

const described = (operation: Members): Members => {
  const id = String(operation["operationId"])
  const responses = membersOf(operation["responses"]).map(([status, answer]) => [
    status,
    Number(status) < 400 ? growing(answer) : answer
  ])
  return { ...operation, summary: summaries[id] ?? id, responses: Object.fromEntries(responses) }
}

/** The library's document, made readable. */
export const readable = (spec: Members): Record<string, unknown> => {
  const { components, paths, tags, ...rest } = tidied(spec)
  const { schemas, ...others } = components as Members
  return {
    ...rest,
    servers: [{ url: "/" }],
    tags: (tags as ReadonlyArray<{ readonly name: string }>).map(({ name }) => ({
      name,
      description: groups[name] ?? name
    })),
    paths: Object.fromEntries(
      membersOf(paths).map(([path, item]) => [
        path,
        Object.fromEntries(membersOf(item).map(([method, operation]) => [method, described(operation)]))
      ])
    ),
    components: {
      ...others,
      schemas: Object.fromEntries(membersOf(schemas).map(([name, schema]) => [nameOf(name), schema]))
    }
  }
}
