/**
 * Source files as syntax trees, for the tests that hold the house's rules: what a file imports, what it calls, and the
 * line where. Paths are relative to the repository and use `/`.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import { parseAst } from "rolldown/parseAst"

export const root = resolve(import.meta.dirname, "../..")

/** A node of the ESTree-shaped tree; members are looked at by name and checked before use. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [member: string]: unknown
}

export interface Source {
  readonly path: string
  readonly text: string
  readonly tree: Node
  /** Every node but those of types, in order. */
  readonly all: ReadonlyArray<Visited>
}

export interface Visited {
  readonly node: Node
  /** The nearest last. */
  readonly ancestors: ReadonlyArray<Node>
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

export const parse = (path: string, text: string): Source => {
  const tree: unknown = parseAst(text, { lang: "ts" }, path)
  if (!isNode(tree)) throw new Error(`${path} has no syntax tree`)
  return { path, text, tree, all: [...nodes(tree)] }
}

export const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort()

export const read = (path: string): Source => parse(path, readFileSync(join(root, path), "utf8"))

/** A child of a node, when it is a node. */
export const child = (node: Node | undefined, member: string): Node | undefined => {
  const value = node?.[member]
  return isNode(value) ? value : undefined
}
export const children = (node: Node | undefined, member: string): ReadonlyArray<Node> => {
  const value = node?.[member]
  return Array.isArray(value) ? value.filter(isNode) : []
}
export const text = (node: Node | undefined, member: string): string => {
  const value = node?.[member]
  return typeof value === "string" ? value : ""
}

/** Every node of a tree with its ancestors. Types are left out unless asked for: they do nothing. */
export function* nodes(node: Node, ancestors: ReadonlyArray<Node> = [], types = false): Generator<Visited> {
  if (!types && (node.type.startsWith("TSType") || node.type === "TSInterfaceDeclaration")) return
  yield { node, ancestors }
  const inside = [...ancestors, node]
  for (const value of Object.values(node)) {
    for (const next of Array.isArray(value) ? value : [value]) if (isNode(next)) yield* nodes(next, inside, types)
  }
}

/** `Effect.ignore`, `process.env`, `fetch`; a name that cannot be told is `?`, so `sql.pipe(x).retry` is `?.retry`. */
export const nameOf = (node: Node | undefined): string => {
  if (node === undefined) return "?"
  if (node.type === "Identifier") return text(node, "name")
  if (node.type === "ThisExpression") return "this"
  if (node.type === "MemberExpression" && node["computed"] !== true) {
    return `${nameOf(child(node, "object"))}.${nameOf(child(node, "property"))}`
  }
  return "?"
}

/** The name of what a call calls, or "" when the node is no call. */
export const calls = (node: Node | undefined): string =>
  node?.type === "CallExpression" || node?.type === "NewExpression" ? nameOf(child(node, "callee")) : ""

export interface Import {
  readonly from: string
  /** The names as the other module calls them; `*` for the whole module. */
  readonly names: ReadonlyArray<string>
  readonly typeOnly: boolean
  readonly node: Node
}

const namesOf = (node: Node): ReadonlyArray<Node> =>
  children(node, "specifiers").filter((specifier) => text(specifier, "importKind") !== "type")

export const importsOf = (source: Source): ReadonlyArray<Import> =>
  [...nodes(source.tree, [], true)].flatMap(({ node }) => {
    const from = child(node, "source")
    if (from === undefined || typeof from["value"] !== "string") return []
    const names = namesOf(node)
    const typeOnly =
      text(node, "importKind") === "type" ||
      text(node, "exportKind") === "type" ||
      (node.type === "ImportDeclaration" && names.length === 0 && children(node, "specifiers").length > 0)
    return [
      {
        from: from["value"],
        names: names.map((name) => (name.type === "ImportSpecifier" ? nameOf(child(name, "imported")) : "*")),
        typeOnly,
        node
      }
    ]
  })

/** Where an import leads: a path in the repository for a relative one, else the module's name. */
export const target = (path: string, from: string): string =>
  from.startsWith(".") ? relative(root, resolve(root, path, "..", from)).replaceAll("\\", "/") : from

/** `src/users/Users.ts:12: the line itself`, for a message that leads there. */
export const place = (source: Source, node: Node): string => {
  const line = source.text.slice(0, node.start).split("\n").length
  return `${source.path}:${line}: ${source.text.split("\n")[line - 1]?.trim() ?? ""}`
}
