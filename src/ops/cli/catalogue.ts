/** `catalogue`: products, their prices, and what has arrived of them. */
import { Console, Effect, FileSystem } from "effect"
import { Argument, Command } from "effect/cli"
import { FileUnreadable } from "./errors.ts"
import { json, reason } from "./flags.ts"
import { type Json, OpsClient } from "./OpsClient.ts"
import { partsOf } from "./parts.ts"
import { print, tableOf } from "./table.ts"

const sku = Argument.String("sku").pipe(Argument.withDescription("The product's SKU"))
const columns = ["added", "changed"]

const productsIn = Effect.fnUntraced(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  return yield* files.readFileString(path).pipe(
    Effect.flatMap((text) => Effect.try({ try: () => JSON.parse(text) as unknown, catch: () => "not JSON" })),
    Effect.filterOrFail(
      (read): read is ReadonlyArray<Json> => Array.isArray(read),
      () => "not a list"
    ),
    Effect.mapError(() => new FileUnreadable({ path }))
  )
})

const bring = Command.make(
  "import",
  {
    file: Argument.String("file").pipe(
      Argument.withDescription(
        "A JSON list of {sku, name, description, price: {amount, currency}, received}; amounts in minor units"
      )
    ),
    reason,
    json
  },
  Effect.fn(function* (given) {
    const client = yield* OpsClient
    const products = yield* productsIn(given.file)
    const total = { added: 0, changed: 0 }
    let done = 0
    for (const part of partsOf(products)) {
      const answer = yield* client.post("catalogue/import", { products: part, reason: given.reason })
      total.added += Number(answer["added"])
      total.changed += Number(answer["changed"])
      done += part.length
      if (!given.json && part.length < products.length) yield* Console.error(`${done} of ${products.length}`)
    }
    yield* print(given.json, total, () => tableOf([total], columns))
  })
).pipe(
  Command.withDescription("Bring products in: new ones are added, known ones say what the file says, others stay"),
  Command.withExamples([
    { command: 'ops catalogue import spring.json --reason "spring"', description: "May be repeated" }
  ])
)

const price = Command.make(
  "price",
  {
    sku,
    amount: Argument.Int("amount").pipe(Argument.withDescription("In minor units: 1290 is 12.90")),
    currency: Argument.String("currency").pipe(Argument.withDescription("Three letters, such as CHF")),
    reason,
    json
  },
  Effect.fn(function* (given) {
    const body = { price: { amount: given.amount, currency: given.currency }, reason: given.reason }
    const answer = yield* (yield* OpsClient).post(`catalogue/${encodeURIComponent(given.sku)}/price`, body)
    yield* print(given.json, answer, () => tableOf([answer], columns))
  })
).pipe(Command.withDescription("Set a product's price; orders that were placed keep theirs"))

const stock = Command.make(
  "stock",
  {
    sku,
    received: Argument.Int("received").pipe(
      Argument.withDescription("How many have arrived since the shop opened, sold ones included")
    ),
    reason,
    json
  },
  Effect.fn(function* (given) {
    const body = { received: given.received, reason: given.reason }
    const answer = yield* (yield* OpsClient).post(`catalogue/${encodeURIComponent(given.sku)}/stock`, body)
    yield* print(given.json, answer, () => tableOf([answer], ["sku", "received", "received_before"]))
  })
).pipe(Command.withDescription("Say how many of a product have arrived in all: a delivery is a higher figure"))

export const catalogue = Command.make("catalogue").pipe(
  Command.withDescription("Products, their prices and their stock"),
  Command.withSubcommands([bring, price, stock])
)
