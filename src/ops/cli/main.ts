/**
 * `npm run ops -- …`: an operator's commands, over the operators' API of any node.
 *
 * OPS_URL (http://127.0.0.1:3001 unless given) and OPS_TOKEN say where and who. Ends with 0 when it was done, else 1.
 */
import { NodeHttpClient, NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { deadLetters } from "./deadLetters.ts"
import { explain } from "./explain.ts"
import { faults } from "./faults.ts"
import { invariants } from "./invariants.ts"
import { logLevels } from "./logLevels.ts"
import { operators } from "./operators.ts"
import { OpsClient } from "./OpsClient.ts"
import { orders } from "./orders.ts"
import { queues } from "./queues.ts"
import { circuits, switches } from "./switches.ts"

Command.make("ops").pipe(
  Command.withDescription("Operate a running Holdfast"),
  Command.withSubcommands([
    explain,
    deadLetters,
    queues,
    switches,
    circuits,
    orders,
    operators,
    invariants,
    faults,
    logLevels
  ]),
  Command.provide(OpsClient.layer),
  Command.run({ version: "0.1.0" }),
  Effect.provide(Layer.mergeAll(NodeServices.layer, NodeHttpClient.layerUndici)),
  NodeRuntime.runMain
)
