/** The walk: requests for every operation of a document, in turn, some at a time, each judged as it comes back. */
import { Effect, Ref } from "effect"
import * as http from "node:http"
import { type Got, sendTo } from "./client.ts"
import { Dice } from "./Dice.ts"
import { type Document, type Operation, operationsOf } from "./document.ts"
import { breachesOf } from "./judge.ts"
import { Known } from "./Known.ts"
import { asCommand, requestFor, type Sent, type Tokens } from "./requests.ts"

export interface Breach {
  /** Of the request, counted from 0. */
  readonly number: number
  readonly sent: Sent
  readonly got: Got
  readonly what: ReadonlyArray<string>
}

export interface Walk {
  readonly url: string
  readonly document: Document
  /** Operations that the document leaves out. */
  readonly besides?: ReadonlyArray<Operation>
  readonly tokens: Tokens
  readonly cookie?: string
  /** What else may be wrong with an answer. */
  readonly alsoWrong?: (sent: Sent, got: Got) => ReadonlyArray<string>
  readonly seed: number
  readonly requests: number
  readonly concurrency: number
  readonly onAnswer?: (done: number) => void
}

export interface Walked {
  readonly operations: number
  /** How many of each status; 0 is no answer. */
  readonly statuses: ReadonlyMap<number, number>
  readonly breaches: ReadonlyArray<Breach>
}

/** What is wrong, what was answered, and a command that asks again. */
export const asText =
  (url: string) =>
  ({ got, number, sent, what }: Breach): string =>
    [`request ${number}: ${what.join("; ")}`, `${got.status} ${got.text.slice(0, 2_000)}`, asCommand(sent, url)].join(
      "\n"
    )

/** After so many there is nothing more to learn. */
const mostBreaches = 20

export const walk = Effect.fnUntraced(function* (wanted: Walk): Effect.fn.Return<Walked> {
  const { alsoWrong, besides = [], concurrency, cookie, document, onAnswer, requests, seed, tokens, url } = wanted
  const operations = [...operationsOf(document), ...besides]
  const statuses = new Map<number, number>()
  const breaches: Array<Breach> = []
  const around = { document, known: new Known(), tokens, cookie }
  const agent = yield* Effect.sync(() => new http.Agent({ keepAlive: true, maxSockets: concurrency }))
  const done = yield* Ref.make(0)
  const one = (number: number) =>
    Effect.gen(function* () {
      if (breaches.length >= mostBreaches) return
      // Each has its own dice, so that it is the same whatever the others do meanwhile.
      const operation = operations[number % operations.length] as Operation
      const sent = requestFor(operation, around, new Dice(seed * 1_000_003 + number))
      const got = yield* sendTo(agent, url, sent)
      around.known.learn(got)
      statuses.set(got.status, (statuses.get(got.status) ?? 0) + 1)
      const what = [...breachesOf(sent, got, operation), ...(alsoWrong?.(sent, got) ?? [])]
      if (what.length > 0) breaches.push({ number, sent, got, what })
      onAnswer?.(yield* Ref.updateAndGet(done, (count) => count + 1))
    })
  yield* Effect.forEach(
    Array.from({ length: requests }, (_, number) => number),
    one,
    { concurrency, discard: true }
  )
  agent.destroy()
  return { operations: operations.length, statuses, breaches }
})
