/**
 * Whatever is asked, the answer is a success or a problem of the schema. A sample of methods, paths, headers and bodies,
 * drawn at random; a failure prints the seed and the request, and HTTP_SEED repeats it.
 */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { type Answer, type Asked, member, newKey, openDoor, problemIn, send } from "./door.ts"

const requests = 400
/** Chance may leave a status out of one sample, and never out of so many. */
const samples = 5

const words = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

const methods = words("GET POST PUT PATCH DELETE HEAD OPTIONS TRACE PROPFIND QUERY")
const segments = [
  ...words("v1 users sessions current me orders products stock timeline livez readyz ready startupz health V1 usr_1"),
  ...words("ord_1 prd_1 .. . * % %zz %00 %2e%2e %ff %F0%9F%92%A9 %27%22%3C%3E __proto__ constructor :id"),
  "a".repeat(101),
  ""
]
const whole = words("/v1/users /v1/users/me /v1/sessions /v1/sessions/current /v1/products /v1/orders /livez")
const queries = ["", ...words("? ?limit=0 ?limit=5 ?limit=a&limit=2 ?cursor=x ?% ?wait=99 ?__proto__=1 ?a[b]=c")]
const types = [
  "",
  ...words("application/json text/plain application/x-www-form-urlencoded multipart/form-data nonsense"),
  "application/json;charset=utf-16"
]
const bodies: ReadonlyArray<unknown> = [
  ...words('{ null [] {} 0 "text" {"__proto__":{}} a=b'),
  "",
  "\u0000",
  "[".repeat(5_000),
  { lines: [] },
  { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" },
  { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1e300 }], payment_method: ["pm_card_visa"], more: {} },
  { email: "a@example.com", password: "\ud800 lone surrogate", name: "\u0000" },
  { email: {}, password: [], name: 1 }
]

/** A small generator (mulberry32): the same seed, the same sample. */
const generator = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

const seed = Number(process.env["HTTP_SEED"] ?? Date.now() % 1_000_000)

layer(openDoor, { excludeTestServices: true })("any request", (it) => {
  it.effect(`is answered with a success or a problem (seed ${seed})`, () =>
    Effect.gen(function* () {
      const { headers: known } = yield* member
      const random = generator(seed)
      const chance = (part: number) => random() < part
      const one = <A>(of: ReadonlyArray<A>): A => of[Math.floor(random() * of.length)] as A
      const path = () =>
        (chance(0.5)
          ? one(whole)
          : `/${Array.from({ length: 1 + Math.floor(random() * 4) }, () => one(segments)).join("/")}`) + one(queries)
      const headers = () => ({
        ...(chance(0.7)
          ? known
          : chance(0.5)
            ? { authorization: one(["Bearer", "Bearer x.y", "Basic YTpi", ""]) }
            : {}),
        ...(chance(0.5) ? newKey() : chance(0.3) ? { "idempotency-key": one(["", "short", "\u00e9".repeat(9)]) } : {}),
        ...(chance(0.3) ? { accept: one(["text/html", "application/xml", "*/*", ";;"]) } : {}),
        ...(chance(0.2) ? { prefer: one(["wait=0", "wait=-1", "wait=a", "wait=1e9", ""]) } : {}),
        prefer: "wait=0"
      })
      const request = (): readonly [string, string, Asked] => {
        const body = chance(0.6) ? { body: one(bodies) } : {}
        const type = "body" in body && chance(0.4) ? { "content-type": one(types) } : {}
        return [
          chance(0.5) ? one(["GET", "POST"]) : one(methods),
          path(),
          { headers: { ...headers(), ...type }, ...body }
        ]
      }
      const left = new Set([200, 400, 401, 404, 405])
      for (let sample = 0; sample < samples && left.size > 0; sample++) {
        const answers = yield* Effect.forEach(
          Array.from({ length: requests }, request),
          (asked) => Effect.map(send(...asked), (got) => [asked, got] as const),
          { concurrency: 16 }
        )
        for (const [asked, answer] of answers) contractual(asked, answer)
        for (const [, { status }] of answers) left.delete(status)
      }
      assert.deepStrictEqual([...left], [])
    })
  )
})

const contractual = ([method, path, asked]: readonly [string, string, Asked], answer: Answer) => {
  const request = `seed ${seed}: ${method} ${path} ${JSON.stringify(asked)} -> ${answer.status} ${answer.text}`
  try {
    assert.notStrictEqual(answer.status, 500)
    assert.strictEqual(answer.headers["x-content-type-options"], "nosniff")
    if (answer.status >= 400 && method !== "HEAD") problemIn(answer)
  } catch (broken) {
    throw new Error(request, { cause: broken })
  }
}
