/** What an OpenAPI document says of each operation: as much as a fuzzer wants to know, and nothing is taken for granted. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: JsonSchema
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<JsonSchema>
  readonly oneOf?: ReadonlyArray<JsonSchema>
  readonly allOf?: ReadonlyArray<JsonSchema>
}

export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
}

interface Described {
  readonly parameters?: ReadonlyArray<Parameter>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
  readonly responses: Readonly<Record<string, unknown>>
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> }
}

export interface Operation {
  readonly method: string
  /** As the document writes it: `/v1/orders/{id}`. */
  readonly path: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: JsonSchema | undefined
  /** A browser's form instead of JSON. */
  readonly form?: boolean
  /** The successes that it names. */
  readonly successes: ReadonlySet<number>
}

const methods = new Set(["get", "put", "post", "delete", "patch"])

export const operationsOf = (document: Document): ReadonlyArray<Operation> =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { parameters = [], requestBody, responses }]) =>
      methods.has(method)
        ? [
            {
              method: method.toUpperCase(),
              path,
              parameters,
              body: requestBody?.content["application/json"]?.schema,
              successes: new Set(
                Object.keys(responses)
                  .map(Number)
                  .filter((status) => status < 400)
              )
            }
          ]
        : []
    )
  )

/** The schema behind a reference. */
export const resolved = (document: Document, schema: JsonSchema): JsonSchema => {
  const name = schema.$ref?.split("/").pop()
  return name === undefined ? schema : (document.components?.schemas?.[name] ?? {})
}
