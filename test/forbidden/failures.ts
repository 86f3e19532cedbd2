/** What may not happen to a failure: be swallowed, be thrown, be a null, lose its class, or show its inside to a caller. */
import { child, children, calls, nameOf, type Node, nodes, type Source, text } from "./syntax.ts"
import { inSource, type Rule } from "./Rule.ts"

const inPolicy = (path: string) => path.endsWith("/policy.ts")
const isHandler = (node: Node | undefined) =>
  node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression"

/** What a function answers: its expression, or what it returns. */
const answers = (handler: Node): ReadonlyArray<Node> => {
  const body = child(handler, "body")
  if (body === undefined) return []
  if (body.type !== "BlockStatement") return [body]
  return [...nodes(body)].flatMap(({ node }) =>
    node.type === "ReturnStatement" ? [child(node, "argument") ?? node] : []
  )
}

const isEmptyValue = (node: Node | undefined): boolean => {
  if (node === undefined) return true
  if (node.type === "Literal") return node["value"] === null
  if (node.type === "ArrayExpression") return children(node, "elements").length === 0
  if (node.type === "ObjectExpression") return children(node, "properties").length === 0
  if (node.type === "UnaryExpression") return text(node, "operator") === "void"
  return nameOf(node) === "undefined" || calls(node) === "Option.none"
}

/** `Effect.void`, `Effect.succeed(undefined)`, `Effect.succeed([])`: nothing is left of the failure. */
const isNothing = (node: Node): boolean =>
  ["Effect.void", "Effect.succeedNone", "Effect.undefined"].includes(nameOf(node)) ||
  (calls(node) === "Effect.succeed" && isEmptyValue(children(node, "arguments")[0]))

const mentions = (handler: Node, name: string): boolean =>
  [...nodes(handler)].some(({ node, ancestors }) => nameOf(node) === name && !ancestors.at(-1)?.type.startsWith("TS"))

const usesItsFailure = (handler: Node): boolean => {
  const parameter = children(handler, "params")[0]
  if (parameter === undefined) return false
  const body = child(handler, "body")
  return parameter.type === "Identifier" && body !== undefined ? mentions(body, nameOf(parameter)) : true
}

const logs = (node: Node | undefined): boolean =>
  node !== undefined && [...nodes(node)].some(({ node: inner }) => calls(inner).startsWith("Effect.log"))

const silencers = new Set([
  "Effect.ignore",
  "Effect.ignoreCause",
  "Effect.option",
  "Effect.orElseSucceed",
  "Effect.eventually"
])
const catchers = /^(Effect|Stream|Layer)\.(catch\w*|orElse\w*)$|^\?\.catch$/

const isSilencer = (node: Node, ancestors: ReadonlyArray<Node>): boolean => {
  if (!silencers.has(nameOf(node))) return false
  const parent = ancestors.at(-1)
  const call = parent !== undefined && child(parent, "callee") === node ? parent : undefined
  // `Effect.ignore({ log: "Warn" })` says what it drops.
  return !children(call, "arguments").some(
    (argument) =>
      argument.type === "ObjectExpression" &&
      children(argument, "properties").some((property) => nameOf(child(property, "key")) === "log")
  )
}

const isEmptyCatch = (node: Node, source: Source): boolean => {
  if (node.type !== "CatchClause") return false
  const body = child(node, "body")
  const parameter = child(node, "param")
  const used = parameter !== undefined && body !== undefined && mentions(body, nameOf(parameter))
  const explained = /\/\/|\/\*/.test(source.text.slice(node.start, node.end))
  return !used && !explained && children(body, "body").length === 0
}

const swallows = (node: Node, ancestors: ReadonlyArray<Node>, source: Source): boolean => {
  if (isSilencer(node, ancestors) || isEmptyCatch(node, source)) return true
  const name = calls(node)
  if (!catchers.test(name) && !name.endsWith(".catch")) return false
  return children(node, "arguments").some((handler) => {
    if (!isHandler(handler) || usesItsFailure(handler) || logs(handler)) return false
    const body = child(handler, "body")
    if (body?.type === "BlockStatement" && children(body, "body").length === 0) return true
    const answer = answers(handler)
    return answer.length > 0 && answer.every(isNothing)
  })
}

const swallowed: Rule = {
  name: "an error swallowed outside a policy.ts",
  instead: "let it fail, answer with a value that says what happened, log it, or declare the fallback in a policy.ts",
  looksAt: (path) => inSource(path) && !inPolicy(path),
  find: (source) =>
    source.all.filter(({ node, ancestors }) => swallows(node, ancestors, source)).map(({ node }) => node),
  catches: [
    ["src/orders/a.ts", `save.pipe(Effect.ignore)`],
    ["src/orders/a.ts", `Effect.ignoreCause(save)`],
    ["src/orders/a.ts", `save.pipe(Effect.orElseSucceed(() => []))`],
    ["src/orders/a.ts", `save.pipe(Effect.option)`],
    ["src/orders/a.ts", `save.pipe(Effect.catch(() => Effect.void))`],
    ["src/orders/a.ts", `save.pipe(Effect.catchCause((_cause) => Effect.succeed(undefined)))`],
    ["src/orders/a.ts", `save.pipe(Effect.catchTag("PaymentDeclined", () => Effect.succeed([])))`],
    ["src/orders/a.ts", `try { save() } catch {}`],
    ["src/orders/a.ts", `promise.catch(() => {})`]
  ],
  allows: [
    ["src/dependencies/email/policy.ts", `send.pipe(Effect.ignore)`],
    ["src/orders/a.ts", `save.pipe(Effect.ignore({ log: "Warn" }))`],
    ["src/orders/a.ts", `save.pipe(Effect.catchTag("OrderNotFound", () => Effect.succeed(badRequest)))`],
    ["src/orders/a.ts", `isCurrent.pipe(Effect.catchTag("MigrationRefused", () => Effect.succeed(false)))`],
    ["src/orders/a.ts", `save.pipe(Effect.catch((error) => Effect.logWarning("not saved", { code: error._tag })))`],
    ["src/orders/a.ts", `save.pipe(Effect.catch(() => Effect.fail(new OrderNotFound({ id }))))`],
    ["src/orders/a.ts", `save.pipe(Effect.result)`]
  ]
}

/** What a `return` or an arrow may end in: both branches of a choice. */
const tails = (node: Node | undefined): ReadonlyArray<Node> => {
  if (node === undefined) return []
  if (node.type === "ConditionalExpression")
    return [...tails(child(node, "consequent")), ...tails(child(node, "alternate"))]
  if (node.type === "LogicalExpression") return tails(child(node, "right"))
  return [node]
}
const isNull = (node: Node) => node.type === "Literal" && node["value"] === null && node["raw"] === "null"

const isNullAnswer = (node: Node): boolean => {
  if (node.type === "ReturnStatement") return tails(child(node, "argument")).some(isNull)
  if (node.type === "ArrowFunctionExpression") return tails(child(node, "body")).some(isNull)
  return calls(node) === "Effect.succeed" && children(node, "arguments").flatMap(tails).some(isNull)
}

const thrown: Rule = {
  name: "`throw` or `null` for a failure",
  instead: "fail with a Schema.TaggedError, or answer with an Option",
  looksAt: inSource,
  find: (source) =>
    source.all
      .map(({ node }) => node)
      .filter(
        (node) =>
          node.type === "ThrowStatement" ||
          isNullAnswer(node) ||
          calls(node) === "Promise.reject" ||
          /\.getOrThrow(With)?$/.test(nameOf(node))
      ),
  catches: [
    ["src/orders/a.ts", `const f = () => { throw new Error("no") }`],
    ["src/orders/a.ts", `function find(id) { return rows.get(id) ?? null }`],
    ["src/orders/a.ts", `const find = (id) => (id === "" ? null : id)`],
    ["src/orders/a.ts", `const find = Effect.succeed(null)`],
    ["src/orders/a.ts", `const order = Option.getOrThrow(found)`],
    ["src/orders/a.ts", `const f = () => Promise.reject(new Error("no"))`]
  ],
  allows: [
    ["src/orders/a.ts", `const find = (row) => (row.paid_at === null ? Option.none() : Option.some(row.paid_at))`],
    ["src/orders/a.ts", `const update = (sql) => sql\`update orders set failure = \${null}\``],
    ["src/orders/a.ts", `const f = () => Effect.fail(new OrderNotFound({ id }))`]
  ]
}

const insides = new Set(["cause", "stack", "defect"])
const renderers = /^(HttpServerResponse\.|ProblemDetails\.toResponse$|Schema\.(Struct|Class|TaggedError)$)/

const showsInside = (node: Node, ancestors: ReadonlyArray<Node>): boolean => {
  const inLog = ancestors.some((outer) => /^Effect\.(log|annotate)/.test(calls(outer)))
  if (inLog) return false
  const name = nameOf(node)
  if (node.type === "MemberExpression" && (name.endsWith(".stack") || name.startsWith("Cause.pretty"))) return true
  const key = node.type === "Property" ? nameOf(child(node, "key")) : name
  if (!insides.has(key) && !insides.has(key.split(".").at(-1) ?? "")) return false
  return ancestors.some((outer) => renderers.test(calls(outer)))
}

const shown: Rule = {
  name: "a cause or a stack in an answer",
  instead: "answer with the row of http/problems.ts; the cause belongs in the log line",
  looksAt: (path) => path.startsWith("src/http/"),
  find: (source) => source.all.filter(({ node, ancestors }) => showsInside(node, ancestors)).map(({ node }) => node),
  catches: [
    ["src/http/Boundary.ts", `HttpServerResponse.json({ detail: Cause.pretty(cause) })`],
    ["src/http/Boundary.ts", `const detail = error.stack`],
    ["src/http/Boundary.ts", `HttpServerResponse.text(String(cause))`],
    ["src/http/Problem.ts", `const Body = Schema.Struct({ title: Schema.String, stack: Schema.String })`]
  ],
  allows: [
    ["src/http/Boundary.ts", `Effect.logError("a defect", { cause: Cause.pretty(cause) })`],
    [
      "src/http/Boundary.ts",
      `Effect.catchCause((cause) => Effect.andThen(report(cause), HttpServerResponse.json(problem)))`
    ],
    ["src/database/a.ts", `const text = Cause.pretty(cause)`]
  ]
}

/** `class X extends Schema.TaggedError<X>()("X", { fields })`: the class, and its fields. */
const taggedErrors = (source: Source) =>
  source.all.flatMap(({ node }) => {
    if (node.type !== "ClassDeclaration") return []
    const made = child(node, "superClass")
    if (calls(child(made, "callee")) !== "Schema.TaggedError") return []
    return [{ node, fields: children(children(made, "arguments")[1], "properties") }]
  })

const uncategorised: Rule = {
  name: "an error without a category",
  instead: `declare: readonly category = "transient" | "permanent" | "partial" | "fatal" as const`,
  looksAt: inSource,
  find: (source) =>
    taggedErrors(source)
      .map(({ node }) => node)
      .filter(
        (node) => !children(child(node, "body"), "body").some((member) => nameOf(child(member, "key")) === "category")
      ),
  catches: [["src/orders/errors.ts", `class A extends Schema.TaggedError<A>()("A", {}) {}`]],
  allows: [
    [
      "src/orders/errors.ts",
      `class A extends Schema.TaggedError<A>()("A", {}) { readonly category = "fatal" as const }`
    ]
  ]
}

const personal = /^(e?mail|name|first_?name|last_?name|address|phone|password|token|secret|card|iban|ip|body|payload)$/i

const personalData: Rule = {
  name: "an error that carries personal data",
  instead: "carry an id or a code: an error is logged",
  looksAt: inSource,
  find: (source) =>
    taggedErrors(source).flatMap(({ fields }) => fields.filter((field) => personal.test(nameOf(child(field, "key"))))),
  catches: [
    [
      "src/users/errors.ts",
      `class EmailTaken extends Schema.TaggedError<EmailTaken>()("EmailTaken", { email: Email }) {}`
    ]
  ],
  allows: [
    [
      "src/users/errors.ts",
      `class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", { userId: UserId }) {}`
    ]
  ]
}

export const failures: ReadonlyArray<Rule> = [swallowed, thrown, shown, uncategorised, personalData]
