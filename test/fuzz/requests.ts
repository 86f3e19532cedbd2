/** A request for an operation: as it should be, or with harm done to its path, query, headers, body or the bytes of it. */
import { gzipSync } from "node:zlib"
import { canaries } from "../canaries/canaries.ts"
import type { Dice } from "./Dice.ts"
import type { Document, Operation } from "./document.ts"
import type { Known } from "./Known.ts"
import { harmed, naughty, naughtyTexts, valid } from "./values.ts"

export interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

export interface Tokens {
  /** Sessions that last. */
  readonly lasting: ReadonlyArray<string>
  /** One that may be logged out. */
  readonly spare: string
}

export interface Around {
  readonly document: Document
  readonly known: Known
  readonly tokens: Tokens
  /** Of a browser that has signed in, on the operators' port. */
  readonly cookie?: string | undefined
}

const bodyLimitBytes = 256 * 1024
const prefixes: Readonly<Record<string, string>> = {
  orders: "ord_",
  users: "usr_",
  products: "prd_",
  deferred: "dfr_",
  operators: "usr_"
}
/** On the operators' port: what has a name of its own. */
const named = new Set(["circuits", "kill-switches", "queues"])

/** What names one of these things. */
const idOf = (thing: string, known: Known, dice: Dice): string => {
  if (thing === "dead-letters" || thing === "replays") return known.number(dice)
  if (named.has(thing)) return known.name(dice)
  return known.id(prefixes[thing] ?? "", dice)
}

/** Whatever was meant, no byte of it ends the line. */
const inPath = (text: string) => encodeURIComponent(text.toWellFormed()).slice(0, 12_000)
/** Node's client sends Latin-1, without controls. */
const inHeader = (text: string) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "?").trim()

const pathOf = ({ path }: Operation, { known }: Around, dice: Dice): string => {
  const filled = path.replaceAll(/([^/]+)\/\{[^}]+\}/g, (_, thing: string) => {
    return `${thing}/${inPath(dice.chance(0.75) ? idOf(thing, known, dice) : dice.one(naughtyTexts))}`
  })
  if (dice.chance(0.97)) return filled
  return dice.one([`${filled}/`, `/${filled}`, filled.toUpperCase(), `${filled}%`, `${filled}%zz`, `${filled}/..`])
}

const queryOf = ({ parameters }: Operation, { known }: Around, dice: Dice): string => {
  const wanted = parameters.filter((parameter) => parameter.in === "query" && dice.chance(0.4))
  const pairs = wanted.map(({ name }) => {
    if (dice.chance(0.5)) return `${name}=${inPath(known.textFor(name, dice))}`
    const cursor = known.cursor(dice)
    const bent = cursor.slice(0, dice.below(cursor.length)) + dice.one(["", "A", "==", "%"]) + cursor.slice(2)
    return `${name}=${inPath(name === "cursor" && dice.chance(0.5) ? bent : dice.one(naughtyTexts))}`
  })
  if (dice.chance(0.1)) pairs.push(...pairs, dice.one(["%", "__proto__=1", "a[b]=c", "=", "limit", "limit=1&limit=2"]))
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`
}

const authorizationOf = ({ method, path }: Operation, { tokens }: Around, dice: Dice): string | undefined => {
  const good = method === "DELETE" && path.startsWith("/v1/sessions") ? tokens.spare : dice.one(tokens.lasting)
  if (dice.chance(0.75)) return `Bearer ${good}`
  const bent = `${good.slice(0, -3)}${dice.one(["", "AAA", "%00", ".x"])}`
  const odd = [undefined, "", "Bearer", `Basic ${canaries.token}`, `Bearer ${canaries.token}`, `Bearer ${bent}`]
  return dice.one([...odd, `bearer ${good}`, `Bearer ${"x".repeat(8_000)}`])
}

/** Answers without end whoever may see it. */
const stream = "/ops/api/stream"

const oddHeaders: Readonly<Record<string, ReadonlyArray<string>>> = {
  accept: ["text/html", "*/*;q=0", ";;", "application/json;q=0.1", ","],
  "accept-encoding": ["gzip", "br;q=1, identity;q=0"],
  "content-encoding": ["gzip", "identity", "x"],
  cookie: [`session=${canaries.token}`, "a=b; ".repeat(200)],
  expect: ["100-continue", "200-ok"],
  forwarded: ["for=127.0.0.1;proto=https", 'for="[::1]"'],
  "if-none-match": ["*", '"1"', 'W/"1"', ","],
  origin: ["null", "https://evil.example"],
  prefer: ["wait=-1", "wait=a", "wait=1e9", "", "respond-async, wait=1", ";;"],
  range: ["bytes=0-1"],
  "request-timeout": ["0", "-1", "0.001", "1e9", "a"],
  traceparent: ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-0-0-0", "zz"],
  upgrade: ["websocket", "h2c"],
  "x-forwarded-for": ["127.0.0.1", "' OR 1=1", "1.1.1.1, ".repeat(100)],
  "x-forwarded-proto": ["https"],
  "x-http-method-override": ["DELETE"],
  "x-request-id": ["plain-request-id", canaries.email, "x".repeat(500)]
}
const oddHeaderNames = Object.keys(oddHeaders)

const headersOf = (operation: Operation, around: Around, dice: Dice): Record<string, string> => {
  const authorization = authorizationOf(operation, around, dice)
  const headers: Record<string, string> = {
    // No answer is worth waiting for here.
    prefer: "wait=0",
    ...(authorization === undefined ? {} : { authorization }),
    ...(operation.method === "POST" && dice.chance(0.85)
      ? {
          "idempotency-key": dice.chance(0.8) ? `${canaries.key}-${dice.below(1e9)}` : inHeader(dice.one(naughtyTexts))
        }
      : {}),
    ...(dice.chance(0.3)
      ? { "if-match": dice.chance(0.7) ? around.known.etag(dice) : inHeader(dice.one(naughtyTexts)) }
      : {})
  }
  if (around.cookie !== undefined && operation.path !== stream && dice.chance(0.7)) headers["cookie"] = around.cookie
  while (dice.chance(0.25)) {
    const name = dice.one(oddHeaderNames)
    headers[name] = dice.one(oddHeaders[name] ?? [""])
  }
  if (dice.chance(0.02)) for (let n = 0; n < 150; n++) headers[`x-${n}`] = "y"
  if (dice.chance(0.02)) headers["x-long"] = "y".repeat(20_000)
  return headers
}

/** What is done to JSON after it was written. */
const bentTexts: ReadonlyArray<(text: string, dice: Dice) => string | Buffer> = [
  (text, dice) => text.slice(0, dice.below(text.length)),
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text) => text.replace("}", ",}"),
  (text) => text.replaceAll('"', "'"),
  (text) => text.replace(/:(?=[^:]*$)/, ":NaN"),
  (text) => text.replace(/\d+/, "9".repeat(5_000)),
  (text) => text.replace(/\d+/, "1e999999"),
  (text) => text.replace("{", '{"email":"a","email":{},'),
  (text) => text.replace("{", '{"__proto__":{"role":"operator"},'),
  (text) => Buffer.from(text.replace(/[a-z](?=[^a-z]*$)/, "\xff"), "latin1"),
  (text) => Buffer.from(text, "utf16le"),
  (text) => gzipSync(text),
  () => "[".repeat(100_000),
  () => '{"a":'.repeat(40_000),
  () => `{"lines":[${'{"sku":"A","quantity":1},'.repeat(8_000)}{}]}`,
  () => `{${Array.from({ length: 5_000 }, (_, n) => `"m${n}":1`).join()}}`,
  () => " ".repeat(bodyLimitBytes),
  () => `"${"x".repeat(bodyLimitBytes)}"`,
  () => "x".repeat(3 * bodyLimitBytes),
  () => "",
  () => "null"
]

const asText = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""))
const asForm = (value: unknown): Buffer => {
  const fields = typeof value === "object" && value !== null ? Object.entries(value) : [["text", value] as const]
  return Buffer.from(fields.map(([name, field]) => `${inPath(name)}=${inPath(asText(field))}`).join("&"))
}

const bodyOf = (operation: Operation, { document, known }: Around, dice: Dice): Buffer | undefined => {
  const { body, method } = operation
  if (body === undefined && !dice.chance(method === "GET" ? 0.05 : 0.2)) return undefined
  const good = body === undefined ? naughty(dice) : valid(body, document, known, dice)
  const kind = dice.next()
  if (operation.form === true && kind < 0.9) return asForm(kind < 0.5 ? good : harmed(good, dice))
  if (kind < 0.4) return Buffer.from(JSON.stringify(good))
  const harm = JSON.stringify(harmed(good, dice)) ?? "null"
  if (kind < 0.85) return Buffer.from(harm)
  const bent = dice.one(bentTexts)(harm, dice)
  return typeof bent === "string" ? Buffer.from(bent) : bent
}

const types = ["application/json", "application/json;charset=utf-16", "text/plain", "application/x-www-form-urlencoded"]

/** One request, by these throws of the dice. */
export const requestFor = (operation: Operation, around: Around, dice: Dice): Sent => {
  const body = bodyOf(operation, around, dice)
  const usual = operation.form === true ? "application/x-www-form-urlencoded" : "application/json"
  const type = dice.chance(0.93) ? usual : dice.one([...types, "multipart/form-data; boundary=x", ";", ""])
  const headers = headersOf(operation, around, dice)
  if (body !== undefined) {
    headers["content-type"] = type
    if (dice.chance(0.2)) headers["transfer-encoding"] = "chunked"
    else headers["content-length"] = String(body.length)
  }
  const method = dice.chance(0.95)
    ? operation.method
    : dice.one(["PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
  return { method, path: pathOf(operation, around, dice) + queryOf(operation, around, dice), headers, body }
}

/** So that a shell can send it again. */
export const asCommand = ({ body, headers, method, path }: Sent, url: string): string => {
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`
  const flags = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  const data = body === undefined ? "" : `base64 -d <<<${body.toString("base64")} | `
  const file = body === undefined ? "" : " --data-binary @-"
  return `${data}curl -i -X ${method} ${flags.join(" ")}${file} ${quoted(url + path)}`
}
