/**
 * The operators' port: what its document leaves out, which are pages, their forms and faults on demand, and what holds
 * there besides: who only looks changes nothing, and nobody without a token is told anything.
 */
import type { Got } from "./client.ts"
import type { JsonSchema, Operation } from "./document.ts"
import type { Sent } from "./requests.ts"

const text: JsonSchema = { type: "string" }
const object = (...names: ReadonlyArray<string>): JsonSchema => ({
  properties: Object.fromEntries(names.map((name) => [name, text])),
  required: names
})
const inQuery = (...names: ReadonlyArray<string>) => names.map((name) => ({ name, in: "query" }))

const page = { parameters: [], body: undefined, successes: new Set([200, 303]) }
const form = (path: string, ...names: ReadonlyArray<string>): Operation => ({
  ...page,
  method: "POST",
  path,
  body: object(...names),
  form: true
})

export const besides: ReadonlyArray<Operation> = [
  { ...page, method: "GET", path: "/ops" },
  { ...page, method: "GET", path: "/ops/runbook" },
  { ...page, method: "GET", path: "/ops/login", parameters: inQuery("code", "refused") },
  form("/ops/login", "token"),
  form("/ops/logout", "csrf"),
  { ...page, method: "GET", path: "/ops/change", parameters: inQuery("thing", "name", "verb", "code") },
  form("/ops/change", "csrf", "thing", "name", "verb", "reason", "minutes"),
  { ...page, method: "GET", path: "/ops/api/stream" },
  { ...page, method: "GET", path: "/ops/api/faults" },
  {
    ...page,
    method: "POST",
    path: "/ops/api/faults",
    body: object("provider", "mode", "reason"),
    successes: new Set([201])
  },
  { ...page, method: "POST", path: "/ops/api/faults/clear", body: object("provider", "reason") }
]

/** Why an operator does something is their own words, for others to read. */
export const withoutReason = (line: string) => line.replaceAll(/"reason":"(?:[^"\\]|\\.)*"/g, "")

/** What anybody may have: the document, and the form to sign in with. */
const open = /^\/(?:openapi\.json|ops\/login|ops\/logout)(?:$|[?])/

/** Of two tokens, one of them a viewer's. */
export const alsoWrongFor =
  (tokens: { readonly operator: string; readonly viewer: string }, cookie: string | undefined) =>
  ({ headers, method, path }: Sent, { status }: Got): ReadonlyArray<string> => {
    const shown = /^bearer (.*)$/i.exec(headers["authorization"] ?? "")?.[1]
    const signedIn = cookie !== undefined && headers["cookie"] === cookie
    const isKnown = signedIn || Object.values(tokens).includes(shown ?? "")
    if (status >= 300 || method === "OPTIONS") return []
    if (shown === tokens.viewer && method === "POST") return [`a viewer was let to ${method} ${path}`]
    return isKnown || open.test(path) ? [] : ["nobody was told something"]
  }
