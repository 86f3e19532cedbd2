/**
 * The faults that the sandbox plays on demand, and when in a request each one strikes.
 *
 * Before the effect nothing has happened at the provider; after it, everything has, and only the answer is harmed.
 * `latency` and `decline` act while the request runs (its idempotency key is taken meanwhile).
 */
import { Schema } from "effect"
import { faultModes } from "../ops/ProviderFaults.ts"

const { after, before, during } = faultModes

/** No fault holds a request longer than this, so that a forgotten one cannot fill the process. */
const longestMillis = 10 * 60 * 1000

export const Fault = Schema.Struct({
  mode: Schema.Literals([...before, ...during, ...after]),
  /** Strikes requests whose path contains this; without it, all requests about payments and stock. */
  path: Schema.optionalKey(Schema.String),
  method: Schema.optionalKey(Schema.Literals(["GET", "POST"])),
  /** Strikes this often, then ends; without it, until it is cleared. */
  times: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  /** The share of matching requests that it strikes; without it, all. */
  share: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  /** Latency, how long a hang lasts, the half period of flapping, the pause between two bytes of a drip. */
  ms: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: longestMillis }))),
  /** Of `status` and `status_after`; 500 when absent. */
  status: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 599 }))),
  retry_after_seconds: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 86_400 }))),
  retry_after_form: Schema.optionalKey(Schema.Literals(["seconds", "date"])),
  /** Of `decline`: the provider's decline code. */
  code: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[a-z_]{1,64}$/))),
  /** Put into the provider's error message, for tests that look for what must never be repeated. */
  message: Schema.optionalKey(Schema.String)
})
export interface Fault extends Schema.Schema.Type<typeof Fault> {}

export type Stage = "before" | "during" | "after"
export const stageOf = ({ mode }: Fault): Stage =>
  before.some((m) => m === mode) ? "before" : during.some((m) => m === mode) ? "during" : "after"
