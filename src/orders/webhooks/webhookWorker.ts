/** The worker of the provider's events on this node: each is one short transaction, and shares the pool with everything else. */
import { Effect, Layer } from "effect"
import { runWorker } from "../../jobs/Worker.ts"
import { runWebhook } from "./runWebhook.ts"
import { webhookQueue } from "./WebhookInbox.ts"

const eventsAtOnce = 2

export const webhookWorker = Layer.effectDiscard(
  Effect.flatMap(runWebhook, (handle) =>
    Effect.forkScoped(runWorker({ queue: webhookQueue, concurrency: eventsAtOnce, handle }))
  )
)
