/**
 * Sandbox: the fake providers, kept running beside the app as long as the app runs.
 *
 * A sandbox that dies is started again on the same port with all it had promised; a failing start is repeated with
 * growing pauses. It ends with this scope, and also when this process is killed. Never used in production.
 */
import * as path from "node:path"
import { Context, Deferred, Effect, Layer, Redacted, Schedule } from "effect"
import { sandboxSecretKey, sandboxWebhookSecret } from "./credentials.ts"
import type { SandboxNotStarted } from "./errors.ts"
import { startSandbox } from "./sandboxProcess.ts"
import { tellWebhookUrl } from "./webhooks/tellWebhookUrl.ts"
import type { SandboxOptions, SandboxProcess } from "./sandboxProcess.ts"

/** Growing from 100 ms, so that a crash is over before a client notices, to 5 s, so that a broken disk costs nothing. */
const restarts = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

export class Sandbox extends Context.Service<
  Sandbox,
  {
    readonly baseUrl: string
    readonly secretKey: Redacted.Redacted
    readonly webhookSecret: Redacted.Redacted
    /** Where the payment provider sends its events from now on, in this life and in those to come. */
    readonly sendWebhooksTo: (url: string) => Effect.Effect<void>
    /** The process of this moment, for tests that kill it; undefined between two lives. */
    readonly pid: Effect.Effect<number | undefined>
  }
>()("holdfast/sandbox/Sandbox") {
  /** What the providers remember is kept in the folder `sandbox` of `dataDir`. */
  static readonly layer = (options: SandboxOptions) =>
    Layer.effect(
      Sandbox,
      Effect.gen(function* () {
        const first = yield* Deferred.make<SandboxProcess, SandboxNotStarted>()
        const dataDir = path.join(options.dataDir, "sandbox")
        let port = options.port
        let pid: number | undefined
        let webhookUrl: string | undefined
        const baseUrl = () => `http://127.0.0.1:${port}`
        const life = Effect.gen(function* () {
          const child = yield* startSandbox({ dataDir, port })
          port = child.port
          pid = child.pid
          if (webhookUrl !== undefined) yield* tellWebhookUrl(baseUrl(), webhookUrl)
          yield* Deferred.succeed(first, child)
          const end = yield* child.ended
          pid = undefined
          yield* Effect.logWarning("the sandbox ended; it is started again").pipe(
            Effect.annotateLogs({ exitCode: end.exitCode, said: end.said })
          )
        }).pipe(Effect.scoped)
        const firstLife = Effect.tapError(life, (notStarted) => Deferred.fail(first, notStarted))
        const nextLives = Effect.forever(Effect.retry(Effect.delay(life, "100 millis"), restarts))
        yield* Effect.forkScoped(Effect.andThen(firstLife, nextLives))
        yield* Deferred.await(first)
        return Sandbox.of({
          baseUrl: baseUrl(),
          secretKey: Redacted.make(sandboxSecretKey),
          webhookSecret: Redacted.make(sandboxWebhookSecret),
          sendWebhooksTo: (url) =>
            Effect.suspend(() => {
              webhookUrl = url
              return tellWebhookUrl(baseUrl(), url)
            }),
          pid: Effect.sync(() => pid)
        })
      })
    )
}
