/**
 * What does not compile at the door: an error without a row, a row of another error, an endpoint that fails in a way it
 * does not name, a shop without one of its parts.
 *
 * The compiler is the test: every `@ts-expect-error` below fails the type check when the line under it starts to compile.
 */
// Effect's own diagnostics see the same errors, and do not read `@ts-expect-error`.
// @effect-diagnostics missingEffectError:off missingEffectContext:off
import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Schema } from "effect"
import { HttpApi, HttpApiBuilder, HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import type { AppError } from "../../src/errors.ts"
import { Forbidden, type ValidationFailed } from "../../src/http/errors.ts"
import { failsWith } from "../../src/http/failsWith.ts"
import { problems } from "../../src/http/problems.ts"
import { RateLimits } from "../../src/http/RateLimits.ts"
import { api, listener } from "../../src/http/Server.ts"
import type { Health } from "../../src/ops/Health.ts"
import { Shop } from "../../src/testing/index.ts"
import { AppSecret } from "../../src/users/AppSecret.ts"
import { EmailTaken } from "../../src/users/errors.ts"

type Table = typeof problems

const { EmailTaken: removed, ...others } = problems

// @ts-expect-error an error without a row
export const missingRow: Table = others

export const anotherErrorsFields: Table = {
  ...problems,
  // @ts-expect-error a row that shows a field that its error does not have
  EmailTaken: { ...removed, shows: ({ orderId }) => ({ resource: orderId }) }
}

export const rowOfNothing: Table = {
  ...problems,
  // @ts-expect-error a row that no error belongs to
  NeverHappens: removed
}

export const unknownRetry: Table = {
  ...problems,
  // @ts-expect-error a way to repeat that the contract does not have
  EmailTaken: { ...removed, retry: "sometimes" }
}

/** An error that a feature keeps to itself. */
class Private extends Schema.TaggedError<Private>()("Private", {}) {
  readonly category = "permanent" as const
}

/** Never run: it is read by the compiler only. */
export const named = () => [
  failsWith("EmailTaken"),
  // @ts-expect-error an endpoint that names an error outside of AppError
  failsWith("Private"),
  // @ts-expect-error an endpoint that names a provider's error
  failsWith("PaymentDeclined"),
  // @ts-expect-error an endpoint that can fail, and says not how
  failsWith()
]

const SampleApi = HttpApi.make("sample").add(
  HttpApiGroup.make("sample").add(
    HttpApiEndpoint.get("read", "/sample", {
      success: Schema.String,
      error: failsWith("Forbidden", "ValidationFailed")
    })
  )
)

const handler = <E>(read: Effect.Effect<string, E>) => read

export const allNamed = HttpApiBuilder.group(SampleApi, "sample", (handlers) =>
  handlers.handleAll({ read: () => handler<Forbidden | ValidationFailed>(Effect.fail(new Forbidden())) })
)

export const oneNotNamed = HttpApiBuilder.group(SampleApi, "sample", (handlers) =>
  // @ts-expect-error a handler that fails with an error that its endpoint does not name
  handlers.handleAll({ read: () => handler<Forbidden | EmailTaken>(Effect.fail(new EmailTaken())) })
)

export const onePrivate = HttpApiBuilder.group(SampleApi, "sample", (handlers) =>
  // @ts-expect-error a handler that fails with an error that nobody outside may see
  handlers.handleAll({ read: () => handler<Private>(Effect.fail(new Private())) })
)

// @ts-expect-error an endpoint without a handler
export const noHandler = HttpApiBuilder.group(SampleApi, "sample", (handlers) => handlers.handleAll({}))

type Launched = Effect.Effect<never, unknown>

const server = listener({ host: "127.0.0.1", port: 0, grace: Duration.seconds(1) })
const secret = Layer.merge(AppSecret.layerMemory, NodeCrypto.layer)
const limits = RateLimits.layer
declare const health: Layer.Layer<Health>

/** Never run: it is read by the compiler only. */
export const launches = (): ReadonlyArray<Launched> => [
  Layer.launch(api.pipe(Layer.provide([Shop.layerMemory, health, limits, server]), Layer.provide(secret))),
  // @ts-expect-error a shop without its features
  Layer.launch(api.pipe(Layer.provide([health, limits, server]), Layer.provide(secret))),
  // @ts-expect-error a shop that does not know how it is
  Layer.launch(api.pipe(Layer.provide([Shop.layerMemory, limits, server]), Layer.provide(secret))),
  // @ts-expect-error a shop without a secret
  Layer.launch(api.pipe(Layer.provide([Shop.layerMemory, health, limits, server]), Layer.provide(NodeCrypto.layer))),
  // @ts-expect-error a shop without a server
  Layer.launch(api.pipe(Layer.provide([Shop.layerMemory, health, limits]), Layer.provide(secret))),
  // @ts-expect-error a shop that does not know how often one may ask
  Layer.launch(api.pipe(Layer.provide([Shop.layerMemory, health, server]), Layer.provide(secret)))
]

type CategoryOf<E> = E extends { readonly category: infer C } ? C : "none"
/** Each error's category is one of the four; one without would show here as "none". */
export const categories: CategoryOf<AppError> extends "transient" | "permanent" | "partial" | "fatal" ? true : false =
  true

describe("the table's types", () => {
  it("are held by the compiler, and by one row less than the table has", () => {
    assert.strictEqual(Object.keys(others).length, Object.keys(problems).length - 1)
  })
})
