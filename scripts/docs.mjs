// Writes the pages of docs/ that are made from the code: docs/errors.md, from the door's table of problems.
// The words of each error come from one example of it, which the tests of the table use as well.

import { mkdirSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { catalogueOf } from "../src/http/catalogue.ts"
import { problems } from "../src/http/problems.ts"
import { examples } from "../src/http/examples.ts"

const docs = resolve(import.meta.dirname, "..", "docs")
mkdirSync(docs, { recursive: true })
writeFileSync(resolve(docs, "errors.md"), catalogueOf(problems, examples))
console.log("docs/errors.md")
