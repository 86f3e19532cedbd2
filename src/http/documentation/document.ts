/**
 * The API's document (OpenAPI 3.1), made from what the server itself runs by: the endpoints and their schemas, the table
 * of problems with one example of each, and the words of `operations.ts`.
 */
import { OpenApi } from "effect/http-api"
import { Api } from "../Api.ts"
import { pageDefault, pageMost, waitSecondsMost } from "../limits.ts"
import type { Tag } from "../problems.ts"
import { failedAnswers, failedExamples, failuresByOperation } from "./failures.ts"
import { type HeaderName, headers, headersOf, parameters, type ParameterName } from "./headers.ts"
import { type Described, groups, operations } from "./operations.ts"
import { bodies, shapes } from "./samples.ts"
import { growing, nameOf, tidied } from "./tidy.ts"

type Operation = OpenApi.OpenAPISpecOperation
type Members = Readonly<Record<string, unknown>>

const introduction = `An order backend that keeps its promises while its dependencies fail.

Whatever is not a success is a problem (RFC 9457): switch on \`code\`; \`retry\` says whether and how a repeat makes sense,
\`side_effects\` whether something durable happened, and \`type\` leads to a page that explains it. Every POST that makes
something takes an \`Idempotency-Key\`: a repeat under the same key never does anything twice. A 429 and a 503 say in
\`Retry-After\` when to come back. Money is integer minor units of an ISO 4217 currency, dates are ISO 8601 in UTC, ids
are opaque. Answers may gain members; an unknown member of a request is an error.

Besides the problems that are listed, any request may be answered 405, 408, 414 and 431, and is then a problem too.`

/** In a query everything is text; these are numbers in it. */
const numbers: Readonly<Record<string, Members>> = {
  limit: { type: "integer", minimum: 1, maximum: pageMost, default: pageDefault },
  wait: { type: "integer", minimum: 0, maximum: waitSecondsMost }
}

const refs = (kind: string, names: ReadonlyArray<string>) =>
  names.map((name) => [name, { $ref: `#/components/${kind}/${name}` }] as const)

const requestTimeout: ReadonlyArray<ParameterName> = ["Request-Timeout"]

/** An operation as it is documented: its own, what its words say, and what its failures say. */
export const operationOf = (operation: Operation, tags: ReadonlyArray<Tag>): Operation => {
  const id = operation.operationId ?? ""
  const words: Described = operations[id] ?? { summary: id }
  const announced: ReadonlyArray<HeaderName> = operation.deprecated === true ? ["Deprecation", "Sunset"] : []
  const asItWas = words.headers?.["304"] === undefined ? {} : { "304": { description: "It is still so." } }
  const succeeded = Object.entries({ ...operation.responses, ...asItWas })
    .filter(([status]) => Number(status) < 400)
    .map(([status, response]) => [
      status,
      {
        ...growing(response),
        headers: Object.fromEntries(
          refs("headers", [...headersOf(status), ...announced, ...(words.headers?.[status] ?? [])])
        )
      }
    ])
  const { tokenOptional, summary, description } = words
  return {
    ...operation,
    summary,
    ...(description === undefined ? {} : { description }),
    ...(tokenOptional === true ? { security: [{}, { bearer: [] }] } : {}),
    parameters: [
      ...operation.parameters.map((each) => ({ ...each, schema: numbers[each.name] ?? each.schema })),
      // A reference is a parameter to the document, and nothing that the library's type knows.
      ...(refs("parameters", [...(words.parameters ?? []), ...requestTimeout]).map(([, ref]) => ref) as never)
    ],
    ...(operation.requestBody === undefined ? {} : { requestBody: bodyOf(id, operation.requestBody) }),
    responses: { ...Object.fromEntries(succeeded), ...failedAnswers(tags, announced) }
  }
}

/** What is signed is read as bytes here, and is an event to whoever sends it. */
const event = {
  type: "object",
  properties: { id: { type: "string" }, type: { type: "string" } },
  required: ["id", "type"]
}

const bodyOf = (id: string, body: NonNullable<Operation["requestBody"]>) => ({
  ...body,
  content: Object.fromEntries(
    Object.entries(body.content).map(([type, media]) => [
      type,
      {
        ...media,
        ...(id === "webhooks.payments" ? { schema: event } : {}),
        ...(bodies[id] === undefined ? {} : { example: bodies[id] })
      }
    ])
  )
})

/** Schemas of what is sent to the server are closed; all others may gain members. */
const closed = new Set(["Cart", "Refund"])

const schemasOf = (schemas: Readonly<Record<string, Members>>): Readonly<Record<string, Members>> =>
  Object.fromEntries(
    Object.entries(schemas).map(([given, schema]) => {
      const name = nameOf(given)
      const sample = shapes[name]
      return [
        name,
        { ...(closed.has(name) ? schema : growing(schema)), ...(sample === undefined ? {} : { examples: [sample] }) }
      ]
    })
  )

/** The document. The same each time: it depends on nothing but the code. */
export const documentOf = (): OpenApi.OpenAPISpec => {
  const failures = failuresByOperation()
  const spec = tidied(OpenApi.fromApi(Api))
  const paths = Object.fromEntries(
    Object.entries(spec.paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item as Readonly<Record<string, Operation>>).map(([method, operation]) => [
          method,
          operationOf(operation, failures.get(operation.operationId ?? "") ?? [])
        ])
      )
    ])
  )
  const documented = Object.values(paths).flatMap((item) => Object.values(item))
  const named = JSON.stringify(documented)
  const inUse = <A extends object>(kind: string, all: A) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => named.includes(`"#/components/${kind}/${name}"`)))
  const used = new Set(documented.flatMap(({ operationId }) => failures.get(operationId ?? "") ?? []))
  const bearer = { type: "http", scheme: "bearer", description: "The token that `POST /v1/sessions` answers." }
  return {
    ...spec,
    info: { title: "Holdfast", version: "1", description: introduction, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/" }],
    tags: spec.tags.map((tag) => ({ ...tag, description: groups[tag.name] ?? "" })),
    paths,
    components: {
      schemas: schemasOf(spec.components.schemas),
      securitySchemes: { bearer },
      parameters: inUse("parameters", parameters),
      headers: inUse("headers", headers),
      examples: failedExamples([...used])
    }
  } as unknown as OpenApi.OpenAPISpec
}
