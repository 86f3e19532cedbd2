/**
 * Faults of the providers on demand, where a sandbox plays them: for operators who try out what happens then.
 *
 * There is none in production, and none when every provider is a real one. A fault strikes until it is cleared, or as
 * often as it says; a sandbox that is started again is healthy.
 */
import { Context, Effect, Option } from "effect"
import { Database } from "../database/Database.ts"
import { recordAction } from "../jobs/audit.ts"
import type { By } from "../jobs/Job.ts"

export const providers = ["payments", "inventory", "email", "recommendations", "analytics"] as const
export type Provider = (typeof providers)[number]

/** By when they strike: before the provider does anything, while it does it, and when it is done and answers. */
export const faultModes = {
  before: ["status", "hang_before", "reset_before", "redirect", "flap"],
  during: ["latency", "decline"],
  after: [
    "status_after",
    "hang_after",
    "reset_after",
    "reset_mid",
    "garbage",
    "empty",
    "no_content",
    "wrong_type",
    "html",
    "huge",
    "drip",
    "wrong_id",
    "wrong_amount"
  ]
} as const
export type FaultMode = (typeof faultModes)[keyof typeof faultModes][number]

export interface ProviderFault {
  readonly provider: Provider
  readonly mode: FaultMode
  readonly times?: number
  readonly share?: number
  readonly ms?: number
  readonly status?: number
  readonly retry_after_seconds?: number
  readonly retry_after_form?: "seconds" | "date"
  readonly code?: string
}

export interface StrikingFault extends ProviderFault {
  readonly struck: number
}

export class ProviderFaults extends Context.Service<
  ProviderFaults,
  {
    readonly striking: Effect.Effect<ReadonlyArray<StrikingFault>>
    readonly add: (fault: ProviderFault) => Effect.Effect<void>
    /** Of one provider, or of all. */
    readonly clear: (provider: Provider | undefined) => Effect.Effect<void>
  }
>()("holdfast/ops/ProviderFaults") {}

/** The faults as operators play them: each change is audited first. None where no sandbox plays the providers. */
export const playedFaults = Effect.gen(function* () {
  const faults = yield* Effect.serviceOption(ProviderFaults)
  const database = yield* Database
  const audited = (by: By, action: string, target: string, detail: Readonly<Record<string, string>>) =>
    database.transaction("faults.audit", (sql) => recordAction(sql, { ...by, action, target, detail }))

  return Option.map(faults, ({ add, clear, striking }) => ({
    striking,
    add: (fault: ProviderFault, by: By) =>
      Effect.andThen(audited(by, "faults.add", `provider:${fault.provider}`, { mode: fault.mode }), add(fault)),
    clear: (provider: Provider | undefined, by: By) =>
      Effect.andThen(audited(by, "faults.clear", `provider:${provider ?? "*"}`, {}), clear(provider))
  }))
})
