/**
 * What the API's document says of each operation in words, by its id: what it does, and the headers that it reads and
 * answers with. Schemas, statuses and errors it takes from the contract itself. A test holds the ids, both ways.
 */
import type { HeaderName, ParameterName } from "./headers.ts"

export interface Described {
  readonly summary: string
  readonly description?: string
  readonly parameters?: ReadonlyArray<ParameterName>
  /** By status, besides the headers that every answer of that status has. */
  readonly headers?: Readonly<Record<string, ReadonlyArray<HeaderName>>>
  /** A token is read where there is one, and not asked for. */
  readonly tokenOptional?: true
}

const degraded: Described["headers"] = { "200": ["Age", "Cache-Status"] }
/** Who has it already names its tag, and is told so. */
const conditional = (...more: ReadonlyArray<HeaderName>) =>
  ({
    parameters: ["If-None-Match"],
    headers: { "200": ["Age", "Cache-Status", "ETag", ...more], "304": ["ETag"] }
  }) as const satisfies Pick<Described, "parameters" | "headers">
const tagged = conditional()
const pages = conditional("Link")
const version: Described["headers"] = { "200": ["ETag"] }
const keyed = ["Location", "ETag", "Idempotency-Key-Expires", "Idempotent-Replayed"] as const

export const groups: Readonly<Record<string, string>> = {
  users: "Accounts: signing up, and reading one's own.",
  sessions: "Logging in and out. A token is opaque, and can be ended at any time.",
  catalog:
    "What is sold, for how much, and how many there are. Public, and shown as known last while it cannot be read.",
  recommendations: "What goes with a product. Never an error for want of an answer.",
  orders: "Orders, placed under a key: however often they are asked for, there is one. Durable before any money moves.",
  deferred: "What becomes of writes that were taken while the database was down.",
  webhooks: "What the payment provider tells the shop.",
  status: "What is degraded at this moment, and what to show for it.",
  health: "Probes of this node, for whoever runs it.",
  documentation: "This document, and the meaning of every problem."
}

export const operations: Readonly<Record<string, Described>> = {
  "users.me": { summary: "Read one's own account", ...tagged },
  "users.get": {
    summary: "Read an account",
    description: "One's own, or any for an operator.",
    ...tagged
  },
  "users.list": { summary: "List accounts", description: "For operators. Newest first.", ...pages },
  "users.signUp": {
    summary: "Sign up",
    description: [
      "Makes an account. It says so when the address has one already.",
      "With an Idempotency-Key, a repeat makes no second one.",
      "While the database is down a keyed sign up is taken into custody: 202, decided later."
    ].join(" "),
    parameters: ["Idempotency-Key-Optional"],
    headers: {
      "201": ["Location", "Idempotency-Key-Expires", "Idempotent-Replayed"],
      "202": ["Location", "Idempotency-Key-Expires", "Idempotent-Replayed"]
    }
  },
  "sessions.logIn": {
    summary: "Log in",
    description: "Answers a token for `Authorization: Bearer`. An unknown address and a wrong password look the same.",
    headers: { "201": ["Location"] }
  },
  "sessions.logOut": { summary: "Log out", description: "Ends the session of this token." },
  "sessions.logOutEverywhere": { summary: "Log out everywhere", description: "Ends every session of the account." },
  "catalog.list": { summary: "List products", description: "Newest first.", ...pages },
  "catalog.get": { summary: "Read a product", ...tagged },
  "catalog.stock": {
    summary: "Read how many there are",
    description:
      "`source` says where the figure is from; `stale` that it may have changed. An order decides for itself.",
    headers: degraded
  },
  "recommendations.list": { summary: "List what goes with a product", headers: degraded },
  "orders.place": {
    summary: "Place an order",
    description: [
      "201 once the shop stands by it, 202 while it goes on, its problem when it failed; a repeat under the same key",
      "answers by the order's state alone. Waits as long as `Prefer: wait` says. While the database is down it is taken",
      "into custody: 202 with a deferred write."
    ].join(" "),
    parameters: ["Idempotency-Key", "Prefer"],
    headers: { "201": keyed, "202": keyed }
  },
  "orders.list": {
    summary: "List one's orders",
    description: "Newest first. With `idempotency_key`: the order that was placed under it, if it arrived.",
    headers: { "200": ["Link"] }
  },
  "orders.get": {
    summary: "Read an order",
    description: "Whatever its state. `wait` holds the answer until the order is decided, or so many seconds.",
    headers: version
  },
  "orders.timeline": { summary: "Read what happened to an order" },
  "orders.cancel": {
    summary: "Cancel an order",
    description: "Until its money is captured. Money that was held is let go.",
    parameters: ["Idempotency-Key", "If-Match", "Prefer"],
    headers: { "200": keyed, "202": keyed }
  },
  "orders.refund": {
    summary: "Give money back",
    description: "For operators. Without an amount, all that is left.",
    parameters: ["Idempotency-Key", "Prefer"],
    headers: { "201": keyed, "202": keyed }
  },
  "deferred.get": {
    summary: "Read what became of a deferred write",
    description: "An order's is for its account; a sign up's is for whoever has its id.",
    tokenOptional: true
  },
  "webhooks.payments": {
    summary: "Receive an event of the payment provider",
    description: "Signed over the body as it came. Stored once and acknowledged at once, in whatever order.",
    parameters: ["Stripe-Signature"]
  },
  "status.status": { summary: "Read what is degraded", description: "From memory, also with everything down." },
  "health.live": { summary: "Is the process alive?", description: "Touches nothing." },
  "health.ready": { summary: "Should this node be given requests?" },
  "health.readyAlias": { summary: "The same as /readyz" },
  "health.startup": { summary: "Has this node started?" },
  "health.health": { summary: "Is all that is required well?" },
  "documentation.document": { summary: "This document" },
  "documentation.problems": {
    summary: "Every problem there is",
    description: "A page for people; with `Accept: application/json`, data."
  },
  "documentation.problem": {
    summary: "What a problem means, and what to do",
    description: "Where the `type` of a problem leads. A page for people; with `Accept: application/json`, data."
  }
}
