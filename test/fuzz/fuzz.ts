/** A shop of its own as a process, a walk over its document, and how it is after that. */
import { Effect, Schedule } from "effect"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { customer, placeOrder, request } from "../main/client.ts"
import { signedIn } from "../main/operator.ts"
import { startShop } from "../main/process.ts"
import { tracesIn } from "../canaries/canaries.ts"
import type { Document } from "./document.ts"
import { alsoWrongFor, besides, withoutReason } from "./operators.ts"
import { asText, walk, type Walked } from "./walk.ts"

export interface Wanted {
  readonly seed: number
  readonly requests: number
  readonly concurrency: number
  readonly say: (line: string) => Effect.Effect<void>
}

/** FAULTS, resources: at most 1.5 times the steady state, which is what it has after a tenth of the walk. */
const growth = 1.5
/** Descriptors that may be open besides: the pool of the database's connections grows when it is asked for more. */
const moreOpen = 20

interface Resources {
  readonly megabytes: number
  readonly open: number
}

/** What the process holds, where the system tells. */
const resourcesOf = (pid: number): Resources | undefined => {
  const proc = `/proc/${pid}`
  if (!existsSync(`${proc}/status`)) return undefined
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`${proc}/status`, "utf8"))?.[1]
  return { megabytes: Number(kilobytes) / 1024, open: readdirSync(`${proc}/fd`).length }
}

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(path.join(tmpdir(), "holdfast-fuzz-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true, force: true }))
)

const operators = { operator: "token-of-an-operator", viewer: "token-of-a-viewer" }
const asOperator = { "content-type": "application/json", authorization: `Bearer ${operators.operator}` }
/** Of an operators' walk: one request for so many of the API's. */
const share = 3

interface Named {
  readonly data: ReadonlyArray<{ readonly name?: string; readonly queue?: string }>
}

/** Whatever was switched, opened, paused or made to fail, as it was. */
const putBack = Effect.fnUntraced(function* (ops: string) {
  const api = `${ops}/ops/api`
  const post = (path: string) =>
    request(`${api}/${path}`, { method: "POST", headers: asOperator, body: JSON.stringify({ reason: "it is over" }) })
  const each = Effect.fnUntraced(function* (things: string, verb: string) {
    const all = yield* request<Named>(`${api}/${things}`, { headers: asOperator })
    for (const { name, queue } of all?.body.data ?? []) {
      yield* post(`${things}/${encodeURIComponent(name ?? queue ?? "")}/${verb}`)
    }
  })
  yield* each("kill-switches", "on")
  yield* each("circuits", "reset")
  yield* each("queues", "resume")
  yield* post("faults/clear")
})

const countsOf = ({ operations, statuses }: Walked) => {
  const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
  return `${operations} operations; ${counts.join(", ")}`
}

/** Everything that is wrong, in words. */
export const fuzz = Effect.fnUntraced(function* ({ concurrency, requests, say, seed }: Wanted) {
  const dataDir = yield* folder
  const env = {
    DATA_DIR: dataDir,
    RATE_LIMITS: "off",
    REQUEST_DEADLINE: "30 seconds",
    LOG_FORMAT: "json",
    OPS_TOKENS: `ada:operator:${operators.operator},vic:viewer:${operators.viewer}`
  }
  const shop = yield* startShop({ env })
  const { opsUrl: ops, url } = yield* shop.ready
  const tokens = yield* Effect.all([customer(url), customer(url), customer(url)])
  const [one = "", other = "", spare = ""] = tokens.map(({ authorization }) => authorization.slice("Bearer ".length))
  const answer = yield* request<Document>(`${url}/openapi.json`)
  if (answer?.status !== 200) return [`/openapi.json is not there: ${answer?.status ?? "no answer"}`]
  const document = answer.body

  let steady: Resources | undefined
  const onAnswer = (done: number) => {
    if (done === Math.ceil(requests / 10)) steady = resourcesOf(shop.pid)
    if (process.stdout.isTTY && done % 100 === 0) process.stdout.write(`\r${done} of ${requests}`)
  }
  const walked = yield* walk({
    url,
    document,
    tokens: { lasting: [one, other], spare },
    seed,
    requests,
    concurrency,
    onAnswer
  })
  yield* say(`${process.stdout.isTTY ? "\n" : ""}the API: ${countsOf(walked)}`)

  const described = yield* request<Document>(`${ops}/openapi.json`)
  if (described?.status !== 200)
    return [`the operators' /openapi.json is not there: ${described?.status ?? "no answer"}`]
  const cookie = yield* signedIn(ops, operators.operator)
  const byOperators = yield* walk({
    url: ops,
    document: described.body,
    besides,
    cookie,
    alsoWrong: alsoWrongFor(operators, cookie),
    tokens: { lasting: Object.values(operators), spare: operators.operator },
    seed,
    requests: Math.ceil(requests / share),
    concurrency
  })
  yield* say(`operators: ${countsOf(byOperators)}`)
  yield* putBack(ops)

  const wrong = [...walked.breaches.map(asText(url)), ...byOperators.breaches.map(asText(ops))]
  const [buyer, key] = [yield* customer(url), `after-the-walk-${seed}`]
  const order = yield* placeOrder(url, buyer, { key })
  if (order === undefined || order.status >= 300) wrong.push(`no order for a customer after it: ${order?.status}`)
  const leaked = (yield* shop.lines)
    .map((line) => JSON.stringify(line))
    .filter((line) => tracesIn(withoutReason(line)).length > 0)
  if (leaked[0] !== undefined) wrong.push(`${leaked.length} lines of the log repeat what is private: ${leaked[0]}`)
  const defects = (yield* shop.lines).filter(({ message }) => message === "request died")
  if (defects[0] !== undefined) wrong.push(`${defects.length} requests died: ${JSON.stringify(defects[0])}`)

  const before = steady
  if (before === undefined) return wrong
  const after = yield* Effect.sync(() => resourcesOf(shop.pid) ?? before).pipe(
    Effect.repeat({
      until: ({ open }) => open <= before.open,
      schedule: Schedule.spaced("500 millis").pipe(Schedule.upTo({ duration: "10 seconds" }))
    }),
    Effect.map(() => resourcesOf(shop.pid) ?? before)
  )
  const told = (held: Resources) => `${held.megabytes.toFixed(0)} MB, ${held.open} open`
  yield* say(`a tenth in: ${told(before)}; after it: ${told(after)}`)
  if (after.megabytes > growth * before.megabytes) wrong.push(`memory: ${told(before)}, then ${told(after)}`)
  if (after.open > before.open + moreOpen) wrong.push(`descriptors: ${told(before)}, then ${told(after)}`)
  return wrong
})
