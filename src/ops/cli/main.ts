/**
 * `npm run ops -- …`: an operator's commands, over the operators' API of any node.
 *
 * OPS_URL (http://127.0.0.1:3001 unless given) and OPS_TOKEN say where and who. Ends with 0 when it was done, 1 when the
 * node refused it (or an invariant is broken), 64 when it was not said right, 69 when no node answers.
 */
import { NodeHttpClient, NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { catalogue } from "./catalogue.ts"
import { deadLetters } from "./deadLetters.ts"
import { UsageWrong } from "./errors.ts"
import { explain } from "./explain.ts"
import { faults } from "./faults.ts"
import { invariants } from "./invariants.ts"
import { logLevels } from "./logLevels.ts"
import { operators } from "./operators.ts"
import { OpsClient } from "./OpsClient.ts"
import { orders } from "./orders.ts"
import { queues } from "./queues.ts"
import { audit, status, tail } from "./status.ts"
import { circuits, switches } from "./switches.ts"

Command.make("ops").pipe(
  Command.withDescription("Operate a running Holdfast"),
  Command.withExamples([
    { command: "ops status", description: "How it is, in one sentence" },
    { command: "ops explain ord_3f0c…", description: "What became of an order, and what happens next" },
    { command: 'ops switches off email --for "1 hour" --reason "their outage"', description: "Hold all mails back" },
    { command: "ops dead-letters groups", description: "What could not be done, by error" }
  ]),
  Command.withSubcommands([
    status,
    explain,
    tail,
    audit,
    deadLetters,
    queues,
    switches,
    circuits,
    orders,
    operators,
    catalogue,
    invariants,
    faults,
    logLevels
  ]),
  Command.provide(OpsClient.layer),
  Command.run({ version: "0.1.0" }),
  Effect.catchTag("ShowHelp", (help) => Effect.fail(help.errors.length === 0 ? help : new UsageWrong())),
  Effect.provide(Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici)),
  NodeRuntime.runMain
)
