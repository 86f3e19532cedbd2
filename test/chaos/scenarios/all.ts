/** Every scenario of `npm run chaos`, in the order in which they run. */
import type { Scenario } from "../Scenario.ts"
import { analyticsDown } from "./analytics.ts"
import { chargesTimeOut } from "./chargesTimeOut.ts"
import { clockJump } from "./clockJump.ts"
import { cpuSpike } from "./cpuSpike.ts"
import { databaseBackendsTerminated } from "./databaseBackendsTerminated.ts"
import { databaseBlackHole } from "./databaseBlackHole.ts"
import { databaseDiskFull } from "./databaseDiskFull.ts"
import { databaseDown } from "./databaseDown.ts"
import { databaseFailover } from "./databaseFailover.ts"
import { databaseFrozen } from "./databaseFrozen.ts"
import { databaseKilled } from "./databaseKilled.ts"
import { emailScenarios } from "./email.ts"
import { eventLoopBlocked } from "./eventLoopBlocked.ts"
import { inventoryScenarios } from "./inventory.ts"
import { memoryPressure } from "./memoryPressure.ts"
import { metastabilityScenarios } from "./metastability.ts"
import { nodeDrained } from "./nodeDrained.ts"
import { nodeFrozen } from "./nodeFrozen.ts"
import { databaseOutOfConnections } from "./databaseOutOfConnections.ts"
import { databaseReadOnly } from "./databaseReadOnly.ts"
import { databaseRestarts } from "./databaseRestarts.ts"
import { databaseSlow } from "./databaseSlow.ts"
import { databaseTimeout } from "./databaseTimeout.ts"
import { highLatency } from "./highLatency.ts"
import { networkPartition } from "./networkPartition.ts"
import { nodeKilled } from "./nodeKilled.ts"
import { outOfDescriptors } from "./outOfDescriptors.ts"
import { paymentScenarios } from "./payments.ts"
import { redisDown } from "./redisDown.ts"
import { redisSlow } from "./redisSlow.ts"
import { recommendationsDown } from "./recommendations.ts"
import { stdoutBlocked } from "./stdoutBlocked.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  databaseDown,
  databaseKilled,
  databaseFailover,
  databaseSlow,
  databaseTimeout,
  databaseFrozen,
  databaseBlackHole,
  databaseOutOfConnections,
  databaseDiskFull,
  databaseReadOnly,
  databaseRestarts,
  databaseBackendsTerminated,
  networkPartition,
  highLatency,
  chargesTimeOut,
  ...paymentScenarios,
  ...inventoryScenarios,
  ...emailScenarios,
  recommendationsDown,
  redisDown,
  redisSlow,
  analyticsDown,
  nodeKilled,
  nodeDrained,
  nodeFrozen,
  eventLoopBlocked,
  clockJump,
  cpuSpike,
  memoryPressure,
  stdoutBlocked,
  outOfDescriptors,
  ...metastabilityScenarios
]
