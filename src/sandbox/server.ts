/**
 * The sandbox's HTTP server: every fake provider on one port of this machine, and the sandbox's own controls.
 *
 * It listens on the loopback address only. Its folder has one owner at a time; what the providers remember is in there.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, FileSystem, Layer } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { createServer } from "node:http"
import { analyticsRoutes, Counted } from "./analytics/analyticsRoutes.ts"
import { controlRoutes } from "./controlRoutes.ts"
import { emailRoutes } from "./email/emailRoutes.ts"
import { inboxPage } from "./email/inboxPage.ts"
import { Mailbox } from "./email/Mailbox.ts"
import { JournalUnwritable } from "./errors.ts"
import { Faults } from "./Faults.ts"
import { inventoryRoutes } from "./inventory/inventoryRoutes.ts"
import { Warehouse } from "./inventory/Warehouse.ts"
import { ownFolder } from "./folderLock.ts"
import { Book } from "./payments/Book.ts"
import { customerPage } from "./payments/customerPage.ts"
import { SecretKey } from "./payments/exchange.ts"
import { paymentRoutes } from "./payments/paymentRoutes.ts"
import { recommendationRoutes } from "./recommendations/recommendationRoutes.ts"
import { Outbox } from "./webhooks/Outbox.ts"
import { webhookRoutes } from "./webhooks/webhookRoutes.ts"

export interface ServerOptions {
  readonly dataDir: string
  /** 0 takes a free one. */
  readonly port: number
  readonly secretKey: string
}

/** Promises are on disk before they are answered, so stopping needs no grace to speak of. */
const grace = "200 millis"

const ownedFolder = (folder: string) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      yield* fs
        .makeDirectory(folder, { recursive: true, mode: 0o700 })
        .pipe(Effect.mapError((cause) => new JournalUnwritable({ cause })))
      yield* ownFolder(folder)
    })
  )

export const server = ({ dataDir, port, secretKey }: ServerOptions) =>
  HttpRouter.serve(
    Layer.mergeAll(
      paymentRoutes,
      customerPage,
      controlRoutes,
      webhookRoutes,
      inventoryRoutes,
      emailRoutes,
      inboxPage,
      recommendationRoutes,
      analyticsRoutes
    ),
    { disableLogger: true, disableListenLog: true }
  ).pipe(
    Layer.provideMerge(Layer.mergeAll(Faults.layer, Outbox.layer, Counted.layer)),
    Layer.provideMerge(Layer.succeed(SecretKey, secretKey)),
    Layer.provideMerge(
      NodeHttpServer.layer(() => createServer(), { port, host: "127.0.0.1", gracefulShutdownTimeout: grace })
    ),
    Layer.provideMerge(Layer.mergeAll(Book.layer(dataDir), Warehouse.layer(dataDir), Mailbox.layer(dataDir))),
    Layer.provideMerge(ownedFolder(dataDir))
  )
