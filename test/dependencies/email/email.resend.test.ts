/** Email's contract over HTTP, against the sandbox's Resend; and what becomes of a mail when that fails. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted } from "effect"
import * as HttpServer from "effect/http/HttpServer"
import { Email } from "../../../src/dependencies/email/Email.ts"
import { EmailAccount, ResendEmail } from "../../../src/dependencies/email/ResendEmail.ts"
import { persisted } from "../../../src/resilience/index.ts"
import { sandboxEmailFrom, sandboxEmailKey } from "../../../src/sandbox/credentials.ts"
import { faulty, fromSandbox, sandboxServer, sandboxUrl } from "../../sandbox/serverForTests.ts"
import { emailContract, Inbox } from "./contract.ts"

interface Arrived {
  readonly subject: string
  readonly text: string
}
const inboxOf = (address: string) => fromSandbox<ReadonlyArray<Arrived>>(`/_sandbox/inbox?to=${address}`)

const inbox = Layer.effect(
  Inbox,
  Effect.map(HttpServer.HttpServer, (http) => ({
    subjectsTo: (address) =>
      inboxOf(address).pipe(
        Effect.map((mails) => mails.map(({ subject }) => subject)),
        Effect.provideService(HttpServer.HttpServer, http)
      )
  }))
)
const account = (apiKey: string) =>
  Layer.effect(
    EmailAccount,
    Effect.map(sandboxUrl, (url) => ({
      baseUrl: `${url}/resend/`,
      apiKey: Redacted.make(apiKey),
      from: sandboxEmailFrom
    }))
  )
const provider = Layer.merge(inbox, Layer.provide(ResendEmail.layer, account(sandboxEmailKey))).pipe(
  Layer.provideMerge(sandboxServer)
)

emailContract("over HTTP", provider)

const mail = (name: string) => ({
  key: persisted(`welcome/${name}`),
  to: `${name}@example.com`,
  subject: "Welcome",
  text: "Good to have you."
})

layer(Layer.merge(provider, Logger.layer([])), { excludeTestServices: true })("email over HTTP that fails", (it) => {
  it.effect("is sent once when the answer is lost, by the second try under the same key", () =>
    Effect.gen(function* () {
      const email = yield* Email
      for (const mode of [
        "reset_after",
        "reset_mid",
        "status_after",
        "garbage",
        "empty",
        "html",
        "no_content"
      ] as const) {
        yield* faulty({ mode, path: "/resend", times: 1 })
        const name = mode.replace("_", "-")
        yield* email.send(mail(name))
        assert.lengthOf(yield* inboxOf(`${name}@example.com`), 1, mode)
        yield* faulty({ mode: "none" })
      }
    })
  )

  it.effect("is in doubt when no answer can be read, and certainly not sent when nothing left", () =>
    Effect.gen(function* () {
      const email = yield* Email
      yield* faulty({ mode: "huge", path: "/resend", times: 2 })
      const doubt = yield* Effect.flip(email.send(mail("doubt")))
      assert.deepInclude(doubt, { _tag: "DependencyUnavailable", sent: "maybe" })
      yield* faulty({ mode: "none" })
      yield* email.send(mail("doubt"))
      assert.lengthOf(yield* inboxOf("doubt@example.com"), 1)
    })
  )

  it.effect("waits for a quota, and for its own twin, without anything being the provider's fault", () =>
    Effect.gen(function* () {
      const email = yield* Email
      yield* faulty({ mode: "decline", path: "/resend", code: "daily_quota_exceeded", times: 1 })
      assert.deepInclude(yield* Effect.flip(email.send(mail("quota"))), { _tag: "EmailQuotaExceeded", quota: "daily" })
      yield* faulty({ mode: "latency", path: "/resend", ms: 300, times: 1 })
      const both = yield* Effect.all(
        [1, 2].map(() => Effect.exit(email.send(mail("twin")))),
        { concurrency: 2 }
      )
      assert.deepStrictEqual(both.map(({ _tag }) => _tag).toSorted(), ["Failure", "Success"])
      assert.include(JSON.stringify(both), "EmailInProgress")
      assert.lengthOf(yield* inboxOf("twin@example.com"), 1)
      yield* faulty({ mode: "none" })
    })
  )

  it.effect("makes nobody wait on a refused key, and says so at once", () =>
    Effect.gen(function* () {
      const email = yield* Email
      const failure = yield* Effect.flip(email.send(mail("nobody")))
      assert.strictEqual(failure._tag, "DependencyUnavailable")
      if (failure._tag !== "DependencyUnavailable") return
      assert.deepInclude(failure, { sent: "no" })
      assert.deepInclude(failure.last, { reason: "credentials_refused" })
    }).pipe(Effect.provide(Layer.fresh(Layer.provide(ResendEmail.layer, account("re_wrong")))))
  )

  it.effect("is shown to people as a page that cannot be tricked", () =>
    Effect.gen(function* () {
      const email = yield* Email
      yield* email.send({ ...mail("page"), text: "<script>alert(1)</script>" })
      const html = yield* Effect.flatMap(sandboxUrl, (url) =>
        Effect.promise(async () => (await fetch(`${url}/_sandbox/inbox`, { headers: { accept: "text/html" } })).text())
      )
      assert.include(html, "Welcome")
      assert.notInclude(html, "<script>")
    })
  )
})
