/**
 * The whole shop, wired. Reads as the picture in ARCHITECTURE.md: settings, then the ground, the features, the door.
 *
 * `node src/main.ts` runs it; `node src/main.ts migrate` brings the database's schema up to date and ends.
 * Exit codes: 0 stopped as asked; 69 the database or the address cannot be had; 70 a failure inside; 78 the settings,
 * or the database's schema, are not right; 130 asked a second time to stop, so at once.
 */
import { NodeCrypto, NodeRuntime } from "@effect/platform-node"
import { Cause, Context, Duration, Effect, Exit, identity, Layer, Option, Runtime } from "effect"
import { Redis } from "effect/persistence"
import { Catalog } from "./catalog/Catalog.ts"
import { LastGoodCatalogue } from "./catalog/LastGoodCatalogue.ts"
import { Storefront } from "./catalog/Storefront.ts"
import { Suggestions } from "./catalog/Suggestions.ts"
import { TermsOfSale } from "./catalog/TermsOfSale.ts"
import { AddressUnavailable, ConfigInvalid, type Settings, settings as readSettings } from "./config.ts"
import { Database } from "./database/Database.ts"
import { KillSwitchesPostgres } from "./database/KillSwitchesPostgres.ts"
import { Migrations } from "./database/Migrations.ts"
import { ResendEmail } from "./dependencies/email/ResendEmail.ts"
import { HttpInventory, InventoryUrl } from "./dependencies/inventory/HttpInventory.ts"
import { sharedCircuits } from "./dependencies/redis/sharedCircuits.ts"
import { SharedRedis } from "./dependencies/redis/SharedRedis.ts"
import { StripePayments } from "./dependencies/payments/StripePayments.ts"
import { mailWorker } from "./emails/mailWorker.ts"
import { MailStore } from "./emails/MailStore.ts"
import { mailsReplaySafety } from "./emails/replaySafety.ts"
import { mailQueue } from "./dependencies/email/mails.ts"
import { keepsHeapSmall } from "./main/memory.ts"
import { counter, providers, recommender } from "./main/providers.ts"
import { shopEvents } from "./main/shopEvents.ts"
import { CorsOrigins } from "./http/browserHeaders.ts"
import { DefectsOnDemand } from "./http/PanicApi.ts"
import { OperatorSessions, SecureCookies } from "./http/ops/OperatorSessions.ts"
import { OperatorTokens } from "./http/ops/OperatorTokens.ts"
import { opsApi, OpsUrl } from "./http/ops/OpsServer.ts"
import { deadlinesFrom, RequestDeadlines } from "./http/Deadlines.ts"
import { RateLimits } from "./http/RateLimits.ts"
import { TrustedProxies } from "./http/rates/clientAddress.ts"
import { api, listener, listeningUrl } from "./http/Server.ts"
import { Crowd } from "./jobs/Crowd.ts"
import { Jobs } from "./jobs/Jobs.ts"
import { DeadLetters } from "./jobs/DeadLetters.ts"
import { AtCrashPoint } from "./jobs/crashPoints.ts"
import { replayWorker } from "./jobs/replayWorker.ts"
import { ReplaySafety } from "./jobs/ReplaySafety.ts"
import { retention } from "./jobs/Retention.ts"
import { beginDrain, Drain } from "./ops/Drain.ts"
import { Appliers, deferredQueue } from "./jobs/spool/Deferred.ts"
import { DeferredWrites } from "./jobs/spool/DeferredWrites.ts"
import { handover } from "./jobs/spool/handover.ts"
import { deferredReplaySafety, deferredWorker } from "./jobs/spool/runDeferred.ts"
import { Spool } from "./jobs/spool/Spool.ts"
import { Health } from "./ops/Health.ts"
import { Explain } from "./ops/explain/Explain.ts"
import { Invariants } from "./ops/Invariants.ts"
import { sampling } from "./ops/sampling.ts"
import { switchMetrics } from "./ops/switchMetrics.ts"
import { Status } from "./ops/Status.ts"
import { WritesWhileDown } from "./ops/WritesWhileDown.ts"
import { OrderChanges } from "./orders/OrderChanges.ts"
import { DeferredOrders } from "./orders/deferred/DeferredOrders.ts"
import { Orders } from "./orders/Orders.ts"
import { orderQueue } from "./orders/OrderStore.ts"
import * as OrderStorePostgres from "./orders/OrderStorePostgres.ts"
import { orderWorker } from "./orders/orderWorker.ts"
import { ordersReplaySafety } from "./orders/replaySafety.ts"
import { Outcomes } from "./orders/Outcomes.ts"
import { ReturnUrl } from "./orders/ReturnUrl.ts"
import { PaymentWebhooks } from "./orders/webhooks/PaymentWebhooks.ts"
import * as WebhookInboxPostgres from "./orders/webhooks/WebhookInboxPostgres.ts"
import { Sandbox } from "./sandbox/Sandbox.ts"
import { dyingAt } from "./sandbox/crashAt.ts"
import { webhookWorker } from "./orders/webhooks/webhookWorker.ts"
import { Dependencies } from "./resilience/index.ts"
import {
  embeddedDatabase,
  endsWithParent,
  keptOpsToken,
  keptSecret,
  stockedShelves,
  welcomed
} from "./sandbox/StandIns.ts"
import * as AccessLog from "./telemetry/AccessLog.ts"
import * as logCounts from "./telemetry/logCounts.ts"
import * as Logs from "./telemetry/Logs.ts"
import * as Telemetry from "./telemetry/Telemetry.ts"
import * as ProcessMetrics from "./telemetry/ProcessMetrics.ts"
import { AppSecret } from "./users/AppSecret.ts"
import { Directory } from "./users/Directory.ts"
import { DeferredSignUps } from "./users/DeferredSignUps.ts"
import { Passwords } from "./users/Passwords.ts"
import { Revocations } from "./users/Revocations.ts"
import { Sessions } from "./users/Sessions.ts"
import { Tokens } from "./users/Tokens.ts"
import { Users } from "./users/Users.ts"

const databaseUrl = (settings: Settings) =>
  Option.match(settings.databaseUrl, { onNone: () => embeddedDatabase(settings.dataDir), onSome: Effect.succeed })

const ground = (settings: Settings) =>
  Layer.unwrap(
    Effect.map(databaseUrl(settings), (url) =>
      KillSwitchesPostgres.layer.pipe(
        Layer.provideMerge(Migrations.layer({ url, mode: settings.migrate })),
        Layer.provideMerge(
          Database.layer({
            url,
            poolSize: settings.databasePoolSize,
            // A worker has nobody else to leave connections to.
            ...(settings.role === "worker" ? { jobsShare: 1 } : {}),
            startupMillis: Duration.toMillis(settings.databaseStartDeadline)
          })
        )
      )
    )
  )

const secret = (settings: Settings) =>
  Layer.effect(
    AppSecret,
    Effect.map(
      Option.match(settings.appSecret, { onNone: () => keptSecret(settings.dataDir), onSome: Effect.succeed }),
      (current) => ({ current, previous: Option.getOrUndefined(settings.previousAppSecret) })
    )
  )

/** Without INVENTORY_URL the goods are in the shop's own table. */
const inventory = (settings: Settings) =>
  Option.match(settings.inventoryUrl, {
    onNone: () => Layer.empty,
    onSome: (url) => Layer.provide(HttpInventory.layer, Layer.effect(InventoryUrl, stockKeeper(url)))
  })
/** The settings allow `sandbox` only where the sandbox runs. */
const stockKeeper = (url: string) =>
  url === "sandbox"
    ? Effect.serviceOption(Sandbox).pipe(
        Effect.flatMap(Effect.fromOption),
        Effect.orDie,
        Effect.map(({ baseUrl }) => `${baseUrl}/inventory`)
      )
    : Effect.succeed(url)

/** Without REDIS_URL each node counts and judges by itself. */
const redis = ({ redisUrl }: Settings) =>
  Option.match(redisUrl, { onNone: () => Layer.empty, onSome: (url) => SharedRedis.layer(url) })
const toldCircuits = Layer.unwrap(
  Effect.map(Effect.serviceOption(Redis.Redis), (found) =>
    Option.match(found, {
      onNone: () => Layer.empty,
      onSome: (service) => Layer.provide(sharedCircuits, Layer.succeed(Redis.Redis, service))
    })
  )
)

const writesWhileDown = Layer.effect(
  WritesWhileDown,
  Effect.map(Spool, ({ snapshot }) => ({ usable: Effect.map(snapshot, ({ usable }) => usable) }))
)
/** Where writes wait while the database is away. A node without a door takes none. */
const spool = (settings: Settings) =>
  Option.match(settings.role === "worker" ? Option.none() : settings.spoolDir, {
    onNone: () => Spool.layerOff,
    onSome: (directory) => Layer.provideMerge(writesWhileDown, Spool.layer(directory))
  })

const accounts = DeferredSignUps.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Layer.provideMerge(Directory.layer, Users.layer), Sessions.layer)),
  Layer.provide([Passwords.layer, Tokens.layer, Revocations.layer])
)
const orders = Orders.layer.pipe(
  Layer.provideMerge(OrderStorePostgres.layer),
  Layer.provideMerge(Outcomes.layer),
  Layer.provide(OrderChanges.layer)
)
const webhooks = PaymentWebhooks.layer.pipe(Layer.provideMerge(WebhookInboxPostgres.layer))
const replaySafety = Layer.effect(
  ReplaySafety,
  Effect.gen(function* () {
    return new Map([
      [orderQueue, yield* ordersReplaySafety],
      [mailQueue, yield* mailsReplaySafety],
      [deferredQueue, deferredReplaySafety]
    ])
  })
)
const deadLetters = DeadLetters.layer.pipe(Layer.provide(replaySafety))
const appliers = Layer.effect(
  Appliers,
  Effect.all({
    order: Effect.map(DeferredOrders, ({ apply }) => apply),
    sign_up: Effect.map(DeferredSignUps, ({ apply }) => apply)
  })
)
const features = Layer.mergeAll(DeferredOrders.layer, deadLetters, handover).pipe(
  Layer.provideMerge(Layer.mergeAll(accounts, orders, webhooks, DeferredWrites.layer)),
  Layer.provideMerge(Suggestions.layer),
  Layer.provideMerge(Layer.mergeAll(Storefront.layer, Health.layer, Status.layer, Invariants.layer, Explain.layer)),
  Layer.provideMerge(LastGoodCatalogue.layer),
  Layer.provideMerge(Layer.mergeAll(Catalog.layer, TermsOfSale.layer, Jobs.layer, MailStore.layer))
)

/** Part of what is sent to the provider under an order's key. */
const returnUrl = (settings: Settings) => Layer.succeed(ReturnUrl, settings.checkoutReturnUrl)
const worker = Layer.mergeAll(
  Layer.provide(orderWorker, StripePayments.layer),
  Layer.provide(mailWorker, ResendEmail.layer),
  Layer.provide(deferredWorker, appliers),
  webhookWorker,
  replayWorker,
  retention
)

const requestDeadlines = (settings: Settings) =>
  Option.match(settings.requestDeadline, {
    onNone: () => Layer.empty,
    onSome: (deadline) => Layer.succeed(RequestDeadlines, deadlinesFrom(Duration.toMillis(deadline)))
  })

const rateLimits = ({ rateLimits }: Settings) => (rateLimits ? RateLimits.layer : RateLimits.layerOff)

/** Who stands in front of this node, and which pages may call it. The operators' page is called by no other. */
const proxies = ({ trustedProxies }: Settings) => Layer.succeed(TrustedProxies, trustedProxies)
const pages = ({ corsOrigins }: Settings) => Layer.succeed(CorsOrigins, corsOrigins)

const door = (settings: Settings) =>
  Layer.provideMerge(
    api.pipe(
      Layer.provide([requestDeadlines(settings), rateLimits(settings), pages(settings)]),
      Layer.provide(proxies(settings))
    ),
    listener({
      host: settings.host,
      port: settings.port,
      grace: Duration.subtract(settings.shutdownGrace, settings.shutdownDelay)
    }).pipe(
      Layer.catchTag("ServeError", ({ cause }) =>
        Layer.effectContext(Effect.fail(AddressUnavailable.from(settings, cause)))
      )
    )
  )

/** The operators' port: on every node, whatever its role. Outside of production it has a token even if none is set. */
const operators = (settings: Settings) => {
  const { opsHost: host, opsPort: port, opsTokens, shutdownGrace: grace } = settings
  const made = Effect.map(keptOpsToken(settings.dataDir), (token) => [
    { name: "operator", role: "operator" as const, token }
  ])
  const tokens = opsTokens.length > 0 || settings.production ? Effect.succeed(opsTokens) : made
  return Layer.merge(opsApi, Layer.effect(OpsUrl, listeningUrl)).pipe(
    Layer.provide(
      listener({ host, port, grace }).pipe(
        Layer.catchTag("ServeError", ({ cause }) =>
          Layer.effectContext(Effect.fail(AddressUnavailable.from({ prefix: "OPS_", host, port }, cause)))
        )
      )
    ),
    Layer.provide([Layer.succeed(SecureCookies, settings.production), proxies(settings)]),
    Layer.provideMerge(OperatorSessions.layer),
    Layer.provideMerge(Layer.effect(OperatorTokens, tokens))
  )
}

const announce = (settings: Settings) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const [url, opsUrl] = [yield* listeningUrl, yield* OpsUrl]
      yield* Effect.logInfo("ready", { url, role: settings.role, ops_url: opsUrl })
      const [made] = settings.opsTokens.length > 0 ? [] : yield* OperatorTokens
      if (settings.production) return
      const code = yield* Effect.flatMap(OperatorSessions, ({ oneTimeCode }) => oneTimeCode)
      yield* welcomed({ url, opsUrl, opsToken: made?.token, opsCode: Option.getOrUndefined(code) })
    })
  )

/** Ctrl-C in a terminal reaches this process twice, from the terminal and from npm: that is one wish, not two. */
const oneWish = "1 second"
const secondSignalEndsAtOnce = Effect.sync(() => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130))
}).pipe(Effect.delay(oneWish), Effect.forkDetach)

/** Before anything stops. A worker has nobody to send elsewhere. */
const drain = ({ role, shutdownDelay }: Settings) =>
  Layer.effectDiscard(
    Effect.flatMap(beginDrain(role === "worker" ? Duration.zero : shutdownDelay), (begin) =>
      Effect.addFinalizer(() => Effect.andThen(secondSignalEndsAtOnce, begin))
    )
  )

/** The disks that fill up: with the embedded database and what is kept, and with writes that wait. */
const processMetrics = ({ dataDir, role, spoolDir }: Settings) =>
  ProcessMetrics.layer({
    role,
    directories: { data: dataDir, ...Option.match(spoolDir, { onNone: () => ({}), onSome: (spool) => ({ spool }) }) }
  })

const shop = (settings: Settings) =>
  Layer.empty.pipe(
    Layer.provideMerge(toldCircuits),
    Layer.provideMerge(drain(settings)),
    Layer.provideMerge(
      settings.role === "worker" ? Layer.empty : Layer.provideMerge(announce(settings), door(settings))
    ),
    Layer.provideMerge(operators(settings)),
    Layer.provideMerge(settings.role === "api" ? Layer.empty : Layer.provide(worker, returnUrl(settings))),
    Layer.provideMerge(settings.production ? Layer.empty : stockedShelves),
    Layer.provideMerge(Layer.merge(sampling, switchMetrics)),
    Layer.provideMerge(features),
    Layer.provideMerge(Layer.sync(Drain, () => ({ begun: false }))),
    Layer.provideMerge(Crowd.layer),
    Layer.provideMerge(spool(settings)),
    Layer.provideMerge(Layer.merge(inventory(settings), redis(settings))),
    Layer.provideMerge(Layer.succeed(DefectsOnDemand, !settings.production)),
    Layer.provideMerge(Layer.provideMerge(shopEvents, counter(settings))),
    Layer.provideMerge(recommender(settings)),
    Layer.provideMerge(providers(settings)),
    Layer.provideMerge(Layer.merge(ground(settings), Dependencies.layer)),
    Layer.provide([secret(settings), NodeCrypto.layer]),
    Layer.provideMerge(Layer.merge(processMetrics(settings), logCounts.layer)),
    // First to be built: who kills npm while the shop still starts means the shop too.
    Layer.provideMerge(settings.launchedByNpm ? endsWithParent : Layer.empty)
  )

const logFormat = (given: Option.Option<Logs.LogFormat>): Logs.LogFormat =>
  Option.getOrElse(given, () => (process.stdout.isTTY ? "pretty" : "json"))
const logs = (settings: Option.Option<Settings>) =>
  Logs.layer({
    level: Option.match(settings, { onNone: () => "Info", onSome: ({ logLevel }) => logLevel }),
    format: logFormat(Option.flatMap(settings, ({ logFormat }) => logFormat))
  })

/** One line that names everything that kept this node from starting, or ended it: in our words, or as it came. */
const reported = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  effect: Effect.Effect<A, E, R>
) =>
  Effect.tapCause(effect, (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.void
    const severity = "critical"
    const error = Option.getOrUndefined(Cause.findErrorOption(cause))
    if (error === undefined) return Effect.logFatal("could not go on", { severity }, cause)
    const facts = error instanceof ConfigInvalid ? { problems: error.problems } : { reason: error.message }
    return Effect.logFatal("could not go on", { severity, code: error._tag, ...facts })
  })

/** The outermost: what ends last is told of, too. */
const telemetry = ({ accessLog, logFormat: format, otlpEndpoint: endpoint, role }: Settings) =>
  Layer.merge(Telemetry.layer({ endpoint, role }), accessLog ? AccessLog.layer(logFormat(format)) : Layer.empty)

const migrateOnly = (settings: Settings) =>
  Effect.gen(function* () {
    const url = yield* databaseUrl(settings)
    const applied = yield* Migrations.migrate({ url, mode: "auto" })
    yield* Effect.logInfo("the schema is current", { applied })
  })

/** Until it is told to stop, or cannot keep what it promised. */
const serve = (settings: Settings) =>
  Effect.scoped(Effect.flatMap(Layer.build(shop(settings)), (built) => Context.get(built, Spool).damage))

const program = Effect.gen(function* () {
  yield* keepsHeapSmall
  const settings = yield* reported(readSettings).pipe(Effect.provide(logs(Option.none())))
  const run = process.argv[2] === "migrate" ? Effect.scoped(migrateOnly(settings)) : serve(settings)
  yield* reported(Effect.provide(run, telemetry(settings))).pipe(
    Effect.provide(logs(Option.some(settings))),
    Option.isSome(settings.crashAt) ? Effect.provideService(AtCrashPoint, dyingAt(settings.crashAt.value)) : identity
  )
})

// A full disk, or a reader that is gone, would end the process otherwise; what is lost is counted by who wrote it.
for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined)

NodeRuntime.runMain(program, {
  disableErrorReporting: true,
  teardown: (exit, onExit) => {
    if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return onExit(0)
    // 1 is what a failure has that names no code of its own.
    Runtime.defaultTeardown(exit, (code) => onExit(code === 1 ? 70 : code))
  }
})
