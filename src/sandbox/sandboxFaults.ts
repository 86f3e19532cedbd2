/** The faults of the running sandbox, as operators play them: a provider is the part of the sandbox under its path. */
import { Effect, Layer, Schedule, Schema } from "effect"
import { type Provider, ProviderFaults, providers, type StrikingFault } from "../ops/ProviderFaults.ts"
import { Fault } from "./fault.ts"
import { Sandbox } from "./Sandbox.ts"

const pathOf: Readonly<Record<Provider, string>> = {
  payments: "/v1/",
  inventory: "/inventory/",
  email: "/resend/",
  recommendations: "/recommendations/",
  analytics: "/analytics/"
}

const Active = Schema.Struct({ data: Schema.Array(Schema.Struct({ fault: Fault, struck: Schema.Int })) })

/** A sandbox that has ended is there again within a second or so; one that stays away is a defect. */
const again = Schedule.spaced("200 millis").pipe(Schedule.upTo({ times: 10 }))

const toStriking = ({ fault, struck }: (typeof Active.Type)["data"][number]): ReadonlyArray<StrikingFault> => {
  const { message: _, method: __, path, ...rest } = fault
  const provider = providers.find((name) => pathOf[name] === path)
  return provider === undefined ? [] : [{ ...rest, provider, struck }]
}

export const sandboxFaults = Layer.effect(
  ProviderFaults,
  Effect.map(Sandbox, ({ baseUrl }) => {
    const exchange = (body: object | undefined) =>
      Effect.tryPromise(async (signal) => {
        const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
        const url = new URL("/_sandbox/faults", baseUrl)
        const answer = await fetch(url, body === undefined ? { signal } : { ...init, signal })
        return answer.ok ? ((await answer.json()) as unknown) : undefined
      }).pipe(
        Effect.filterOrFail((answer) => answer !== undefined),
        Effect.timeout("1 second"),
        Effect.retry(again),
        Effect.orDie
      )
    return {
      striking: exchange(undefined).pipe(
        Effect.flatMap(Schema.decodeUnknownEffect(Active)),
        Effect.map(({ data }) => data.flatMap(toStriking)),
        Effect.orDie
      ),
      add: ({ provider, ...fault }) => Effect.asVoid(exchange({ ...fault, path: pathOf[provider] })),
      clear: (provider) =>
        Effect.asVoid(exchange({ mode: "none", ...(provider === undefined ? {} : { path: pathOf[provider] }) }))
    }
  })
)
