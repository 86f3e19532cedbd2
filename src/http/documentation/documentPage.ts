/** The API's document for people: every operation with what it takes and what it answers. Made from the document alone. */
import type { OpenApi } from "effect/http-api"
import { markup, type Markup } from "../markup.ts"
import { prose } from "./html.ts"

interface Referring {
  readonly $ref?: string
}
interface Parameter extends Referring {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: unknown
}
interface Schema extends Referring {
  readonly type?: string | ReadonlyArray<string>
  readonly enum?: ReadonlyArray<unknown>
  readonly const?: unknown
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: ReadonlyArray<string>
  readonly anyOf?: ReadonlyArray<Schema>
  readonly additionalProperties?: Schema | boolean
}
interface Media {
  readonly schema: Schema
  readonly examples?: Readonly<Record<string, unknown>>
}
type Spec = OpenApi.OpenAPISpec
type Operation = OpenApi.OpenAPISpecOperation

const nameIn = (reference: string) => reference.slice(reference.lastIndexOf("/") + 1)

/** A schema as a reader of TypeScript would write it. */
const shown = (schema: Schema, indent = ""): string => {
  if (schema.$ref !== undefined) return nameIn(schema.$ref)
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => shown(one, indent)).join(" | ")
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" | ")
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.type === "array" && schema.items !== undefined) return `Array<${shown(schema.items, indent)}>`
  if (schema.properties !== undefined) {
    const members = Object.entries(schema.properties).map(
      ([name, member]) =>
        `${indent}  ${name}${schema.required?.includes(name) === true ? "" : "?"}: ${shown(member, `${indent}  `)}`
    )
    return `{\n${members.join("\n")}\n${indent}}`
  }
  if (typeof schema.additionalProperties === "object")
    return `Record<string, ${shown(schema.additionalProperties, indent)}>`
  return String(schema.type ?? "unknown")
}

const code = (text: string) => markup`<pre>${text}</pre>`

const parameterRow = ({ description = "", in: place, name, required, schema }: Parameter) =>
  markup`<tr>
    <td><code>${name}</code></td>
    <td>${place}${required === true ? ", required" : ""}</td>
    <td>${shown(schema as Schema)}. ${description}</td>
  </tr>`

const bodiesOf = (content: Readonly<Record<string, Media>> | undefined) =>
  [...new Set(Object.values(content ?? {}).map(({ schema }) => shown(schema)))].map(code)

const answerRow = ([status, { content, description }]: readonly [string, Operation["responses"][number]]) => {
  const problem = (
    content as Readonly<Record<string, Media & { schema: { allOf?: ReadonlyArray<Schema> } }>> | undefined
  )?.["application/problem+json"]
  const codes = problem?.schema.allOf?.[1]?.properties?.["code"]?.enum ?? []
  return markup`<tr>
    <td>${status}</td>
    <td>
      ${
        problem === undefined
          ? [markup`${description}`, ...bodiesOf(content as never)]
          : codes.map((one) => markup`<a href="/problems/${String(one)}"><code>${String(one)}</code></a>`)
      }
    </td>
  </tr>`
}

const operationBody = (spec: Spec, method: string, path: string, operation: Operation) => {
  const known = spec.components as unknown as { readonly parameters: Readonly<Record<string, Parameter>> }
  const parameters = (operation.parameters as unknown as ReadonlyArray<Parameter>).map((one) =>
    one.$ref === undefined ? one : (known.parameters[nameIn(one.$ref)] ?? one)
  )
  const body = bodiesOf(operation.requestBody?.content as never)
  return markup`<details id="${operation.operationId ?? ""}">
    <summary>
      <code><span class="method">${method.toUpperCase()}</span> ${path}</code> ${operation.summary ?? ""}
    </summary>
    ${prose(operation.description ?? "")}
    <p class="quiet">${operation.security.length === 0 ? "Public." : "With a bearer token."}</p>
    <table>
      ${parameters.map(parameterRow)}
    </table>
    ${
      body.length === 0
        ? markup``
        : markup`<h3>Body</h3>
            ${body}`
    }
    <h3>Answers</h3>
    <table>
      ${Object.entries(operation.responses).map(answerRow)}
    </table>
  </details>`
}

const operationsOf = (spec: Spec, tag: string): ReadonlyArray<Markup> =>
  Object.entries(spec.paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, Operation>>)
      .filter(([, { tags }]) => tags.includes(tag))
      .map(([method, operation]) => operationBody(spec, method, path, operation))
  )

const schemaBody = ([name, schema]: readonly [string, unknown]) => {
  const [example] = (schema as { readonly examples?: ReadonlyArray<unknown> }).examples ?? []
  return markup`<details id="schema-${name}">
    <summary><code>${name}</code></summary>
    ${code(shown(schema as Schema))} ${example === undefined ? markup`` : code(JSON.stringify(example, undefined, 2))}
  </details>`
}

export const documentBody = (spec: Spec): Markup =>
  markup` <h1>${spec.info.title}</h1>
    ${prose(spec.info.description ?? "")}
    <p><a href="/openapi.json">OpenAPI document</a> · <a href="/problems">Problems</a></p>
    ${spec.tags.map(
      ({ description = "", name }) =>
        markup`<h2 id="${name}">${name}</h2>
          ${prose(description)} ${operationsOf(spec, name)}`
    )}
    <h2>Shapes</h2>
    ${Object.entries(spec.components.schemas).map(schemaBody)}`
