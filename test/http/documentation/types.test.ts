/** The types that openapi-typescript makes of the running server's document: a program that uses them compiles, and runs. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { root } from "../../forbidden/syntax.ts"
import { Door, json, member, newKey, openDoor, send } from "../door.ts"
import { typesOf } from "./tools.ts"

/** What somebody writes who has nothing but the types and `fetch`. */
const program = `import type { components, operations, paths } from "./api.d.ts"

type Place = paths["/v1/orders"]["post"]
type Cart = Place["requestBody"]["content"]["application/json"]
type Placed = Place["responses"][201]["content"]["application/json"]
type Conflict = NonNullable<operations["orders.place"]["responses"][409]["content"]>["application/problem+json"]

const [base = "", token = "", key = ""] = process.argv.slice(2)
const headers = { authorization: \`Bearer \${token}\`, "content-type": "application/json", "idempotency-key": key }

const place = async (cart: Cart): Promise<Placed | Conflict> => {
  const answer = await fetch(\`\${base}/v1/orders\`, { method: "POST", headers, body: JSON.stringify(cart) })
  return await answer.json() as Placed | Conflict
}

const products = await (await fetch(\`\${base}/v1/products?limit=1\`)).json() as { data: Array<components["schemas"]["Product"]> }
const placed = await place({ lines: [{ sku: products.data[0]?.sku ?? "", quantity: 1 }], payment_method: "pm_card_visa" })
const code: "price_changed" | "insufficient_stock" | "idempotency_in_flight" | "placed" = "code" in placed ? placed.code : "placed"
const currency: string = "code" in placed ? "" : placed.currency
console.log(JSON.stringify({ code, currency }))
`

const run = promisify(execFile)

/** What the compiler says of a program beside the types. */
const compiled = (folder: string, text: string) =>
  Effect.promise(async () => {
    writeFileSync(join(folder, "program.ts"), text)
    const flags =
      "--noEmit --strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --skipLibCheck --pretty false"
    const modules = "--module nodenext --target es2024 --allowImportingTsExtensions --types node program.ts"
    const tsc = join(root, "node_modules/typescript/bin/tsc")
    return run(process.execPath, [tsc, ...`${flags} ${modules}`.split(" ")], { cwd: folder }).then(
      () => "",
      ({ stdout }: { readonly stdout: string }) => stdout
    )
  })

const first = (said: string) => /TS\d+/.exec(said)?.[0]

const folder = Effect.acquireRelease(
  Effect.sync(() => {
    const made = mkdtempSync(join(tmpdir(), "holdfast-types-"))
    symlinkSync(join(root, "node_modules"), join(made, "node_modules"))
    writeFileSync(join(made, "package.json"), JSON.stringify({ type: "module" }))
    return made
  }),
  (made) => Effect.sync(() => rmSync(made, { recursive: true }))
)

layer(openDoor, { excludeTestServices: true })("types made from the document", (it) => {
  it.effect("compile, are strict, and hold against the server", () =>
    Effect.gen(function* () {
      const made = yield* folder
      const document: unknown = json(yield* send("GET", "/openapi.json"))
      const types = yield* Effect.promise(async () => typesOf(document))
      writeFileSync(join(made, "api.d.ts"), types)
      assert.strictEqual(
        yield* compiled(made, program.replace("quantity: 1", "amount: 1")).pipe(Effect.map(first)),
        "TS2353"
      )
      assert.strictEqual(
        yield* compiled(made, program.replace('| "insufficient_stock"', "")).pipe(Effect.map(first)),
        "TS2322"
      )
      assert.strictEqual(yield* compiled(made, program), "")

      const { token } = yield* member
      const { port } = yield* Door
      const { stdout } = yield* Effect.promise(async () =>
        run(process.execPath, [
          join(made, "program.ts"),
          `http://127.0.0.1:${port}`,
          token,
          newKey()["idempotency-key"]
        ])
      )
      assert.deepStrictEqual(JSON.parse(stdout), { code: "placed", currency: "EUR" })
    })
  )
})
