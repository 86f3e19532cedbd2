/**
 * The errors that an endpoint may fail with, by their tags in the table: with these and no others, or it does not compile.
 *
 * For the compiler and the API's document. What is sent is rendered by the boundary, which knows the request.
 */
import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { HttpApiSchema } from "effect/http-api"
import type { AppError } from "../errors.ts"
import { contentType, Problem } from "./Problem.ts"
import { type ErrorOf, problems, type Row, rowOf, type Tag } from "./problems.ts"
import { problemOf } from "./rendering.ts"

/** What the API's document says of an error: its status, and the problem's shape. The boundary renders it. */
const declared = <T extends Tag>(tag: T): Schema.Codec<ErrorOf<T>, Problem> => {
  // The mapped type's row for a tag that is not known here is seen as the row of any error.
  const row = problems[tag] as unknown as Row<AppError>
  const isThis = (input: unknown): input is ErrorOf<T> => rowOf(input) === row
  return Problem.pipe(
    Schema.decodeTo(
      Schema.declare(isThis),
      SchemaTransformation.transformEffect<ErrorOf<T>, Problem>({
        decode: () => Effect.fail(new SchemaIssue.Forbidden({ message: "a problem does not tell all of its error" })),
        encode: (error) => Effect.succeed(problemOf(error, row, { requestId: "", timestamp: "", safe: false }))
      })
    ),
    HttpApiSchema.asJson({ contentType }),
    HttpApiSchema.status(row.status),
    Schema.annotate({ problem: tag })
  )
}

/** The tag of an error that an endpoint names, for the API's document and its client. */
export const tagOf = (declaredError: Schema.Top): Tag | undefined => {
  const tag = Schema.resolveAnnotations(declaredError)?.["problem"]
  return typeof tag === "string" && Object.hasOwn(problems, tag) ? (tag as Tag) : undefined
}

/** The errors that an endpoint may fail with, by tag: it can fail with these and no others. */
export const failsWith = <const Tags extends readonly [Tag, ...ReadonlyArray<Tag>]>(
  ...tags: Tags
): ReadonlyArray<Schema.Codec<ErrorOf<Tags[number]>, Problem>> => tags.map((tag: Tags[number]) => declared(tag))
