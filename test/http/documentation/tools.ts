/** What others read out of the API's document. The programs themselves are JavaScript: the compiler here has no use for theirs. */
import { pathToFileURL } from "node:url"
import { join } from "node:path"
import { root } from "../../forbidden/syntax.ts"

interface Tools {
  readonly findings: (document: unknown) => Promise<ReadonlyArray<string>>
  readonly typesOf: (document: unknown) => Promise<string>
}
const tools = async (): Promise<Tools> => import(pathToFileURL(join(root, "scripts/openapi/tools.mjs")).href)

/** What Redocly's recommended rules find, errors and warnings. */
export const findings: Tools["findings"] = async (document) => (await tools()).findings(document)
/** The types that openapi-typescript makes. */
export const typesOf: Tools["typesOf"] = async (document) => (await tools()).typesOf(document)
