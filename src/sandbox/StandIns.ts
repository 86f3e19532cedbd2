/**
 * What stands in for the world outside of production: a database, a payment provider, a secret, and goods to sell.
 *
 * All of it is real (a real PostgreSQL, real HTTP servers) and kept in the data directory, so that a second start finds
 * what the first one left. Settings that name the real thing take its place one by one. Production has none of this.
 */
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { Console, Effect, Layer, Option, Redacted, Schedule } from "effect"
import { Catalog } from "../catalog/Catalog.ts"
import { TermsOfSale } from "../catalog/TermsOfSale.ts"
import { EmbeddedPostgres } from "../database/EmbeddedPostgres.ts"
import { discounts, products, shippingBands } from "./catalogue.ts"
import { Sandbox } from "./Sandbox.ts"

/** The embedded database's URL; its server lives as long as the scope. */
export const embeddedDatabase = (dataDir: string) =>
  Effect.map(EmbeddedPostgres.start({ directory: path.join(dataDir, "pg") }), ({ url }) => url)

/** A secret that was made at the first start: 48 random bytes, readable by their owner only. */
const kept = (dataDir: string, name: string): Effect.Effect<Redacted.Redacted> =>
  Effect.sync(() => {
    const file = path.join(dataDir, name)
    if (!fs.existsSync(file)) {
      fs.mkdirSync(dataDir, { recursive: true })
      fs.writeFileSync(file, randomBytes(48).toString("base64url"), { mode: 0o600, flag: "wx" })
    }
    return Redacted.make(fs.readFileSync(file, "utf8").trim())
  })

export const keptSecret = (dataDir: string) => kept(dataDir, "app-secret")
/** The operator's token, where `npm run ops` finds it. */
export const keptOpsToken = (dataDir: string) => kept(dataDir, "ops-token")

/** Fills an empty catalogue. Later starts leave it as it was changed. */
export const stockedShelves = Layer.effectDiscard(
  Effect.gen(function* () {
    const catalog = yield* Catalog
    const terms = yield* TermsOfSale
    const page = yield* catalog.list({ limit: 1 })
    if (page.products.length > 0) return
    yield* Effect.logInfo("putting goods on the shelves", { products: products.length })
    yield* catalog.importProducts(products)
    yield* terms.put({ discounts, shippingBands })
  })
)

/**
 * Ends this process when the one that started it is gone. Whoever kills `npm start` means the shop, and the embedded
 * database must not stay behind with nobody to stop it.
 */
export const endsWithParent = Layer.effectDiscard(
  Effect.gen(function* () {
    const parent = process.ppid
    const gone = Effect.sync(() => process.ppid !== parent)
    yield* gone.pipe(
      Effect.repeat({ until: (over) => over, schedule: Schedule.spaced("500 millis") }),
      Effect.andThen(Effect.logWarning("the process that started this one has ended; shutting down")),
      Effect.andThen(Effect.sync(() => process.kill(process.pid, "SIGTERM"))),
      Effect.forkScoped
    )
  })
)

interface Reached {
  readonly url: string
  readonly opsUrl: string
  /** Only when it was made here: one that was set is not repeated. */
  readonly opsToken: Redacted.Redacted | undefined
  /** Signs a browser in, once. */
  readonly opsCode: string | undefined
}

/** Tells the sandbox where its events go, and whoever has just started the shop what to try. */
export const welcomed = Effect.fnUntraced(function* (reached: Reached) {
  const sandbox = yield* Effect.serviceOption(Sandbox)
  if (Option.isSome(sandbox)) yield* sandbox.value.sendWebhooksTo(`${reached.url}/v1/webhooks/payments`)
  yield* Console.error(welcome(reached, Option.getOrUndefined(Option.map(sandbox, ({ baseUrl }) => baseUrl))))
})

const welcome = ({ opsCode, opsToken, opsUrl, url }: Reached, sandboxUrl: string | undefined): string => {
  const json = `-H 'content-type: application/json'`
  const token = opsToken === undefined ? "" : `; bearer token ${Redacted.value(opsToken)}`
  return [
    "",
    "Holdfast is ready.",
    "",
    `  API       ${url}/v1/products`,
    `  health    ${url}/readyz`,
    ...(sandboxUrl === undefined
      ? []
      : [
          `  sandbox   ${sandboxUrl}/_sandbox/ledger   (what the payment provider has charged)`,
          `  mails     ${sandboxUrl}/_sandbox/inbox   (what the shop has written to its customers)`
        ]),
    `  operators ${opsUrl}/ops${opsCode === undefined ? "" : `/login?code=${opsCode}   (signs in once, within 15 minutes)`}`,
    `            npm run ops -- --help${token}`,
    "",
    "Try (an account, a session, an order that is paid):",
    "",
    `  curl -s ${url}/v1/users ${json} -d '{"email":"ada@example.com","password":"correct horse battery","name":"Ada Lovelace"}'`,
    `  TOKEN=$(curl -s ${url}/v1/sessions ${json} -d '{"email":"ada@example.com","password":"correct horse battery"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s ${url}/v1/orders ${json} -H "authorization: Bearer $TOKEN" -H "idempotency-key: my-first-order" -d '{"lines":[{"sku":"KITCHEN-KETTLE-12","quantity":2},{"sku":"KITCHEN-GRINDER-M","quantity":1}],"payment_method":"pm_card_visa"}'`,
    "",
    "Stop it with Ctrl-C; what happened is kept.",
    ""
  ].join("\n")
}
