/** Which problems each operation may be answered with, and how the API's document says so. All of it from the table. */
import { HttpApi } from "effect/http-api"
import { Api } from "../Api.ts"
import { doorFailures } from "../doorFailures.ts"
import { examples } from "../examples.ts"
import { tagOf } from "../failsWith.ts"
import { contentType, type Problem } from "../Problem.ts"
import { problems, type Row, type Tag } from "../problems.ts"
import { problemOf, retryAfter } from "../rendering.ts"
import { trafficOf } from "../traffic.ts"
import type { AppError } from "../../errors.ts"
import { type HeaderName, headersOf } from "./headers.ts"

/** The row of any error, as any error's: it is only ever given the example of its own tag. */
const rowOfTag = (tag: Tag) => problems[tag] as unknown as Row<AppError>

/** The problem that the example of an error becomes. */
export const exampleOf = (tag: Tag): Problem => {
  const row = rowOfTag(tag)
  const wait =
    row.retryAfterSeconds === undefined ? undefined : retryAfter(row.status, row.retryAfterSeconds(examples[tag]), 0)
  const occasion = {
    requestId: "req_5f0c9b2e7d1a4c3f8e6b5a4d3c2b1a09",
    timestamp: "2026-11-20T12:00:00.000Z",
    safe: false
  }
  return problemOf(examples[tag], row, occasion, wait)
}

/** The errors of every operation, by its id: what it declares, its middleware's, and the door's. */
export const failuresByOperation = (): ReadonlyMap<string, ReadonlyArray<Tag>> => {
  const all = new Map<string, ReadonlyArray<Tag>>()
  HttpApi.reflect(Api, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, errors, group }) => {
      const declared = [...errors.values()].flat().flatMap((schema) => tagOf(schema) ?? [])
      const isOutside = trafficOf(endpoint.method, endpoint.path).priority === "outside"
      const tags: ReadonlyArray<Tag> = [
        ...declared,
        ...doorFailures.always,
        ...(isOutside ? [] : doorFailures.admitted),
        ...(endpoint.method === "POST" ? doorFailures.withBody : []),
        ...(endpoint.path.startsWith("/v1/") ? doorFailures.underV1 : [])
      ]
      all.set(`${group.identifier}.${endpoint.identifier}`, [...new Set(tags)])
    }
  })
  return all
}

/**
 * The answers of an operation that are problems, by status: the codes, and one example of each error. With the headers
 * that all answers of the operation have.
 */
export const failedAnswers = (
  tags: ReadonlyArray<Tag>,
  announced: ReadonlyArray<HeaderName>
): Readonly<Record<string, object>> => {
  const statuses = [...new Set(tags.map((tag) => problems[tag].status))].sort((one, other) => one - other)
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      failedAnswer(
        status,
        tags.filter((tag) => problems[tag].status === status),
        announced
      )
    ])
  )
}

const failedAnswer = (status: number, tags: ReadonlyArray<Tag>, announced: ReadonlyArray<HeaderName>) => {
  const codes = [...new Set(tags.map((tag) => problems[tag].code))]
  const titles = [...new Set(tags.map((tag) => problems[tag].title))]
  return {
    description: `${titles.join(". ")}.`,
    headers: Object.fromEntries(
      [...headersOf(String(status)), ...announced].map((name) => [name, { $ref: `#/components/headers/${name}` }])
    ),
    content: {
      [contentType]: {
        schema: {
          allOf: [
            { $ref: "#/components/schemas/Problem" },
            { type: "object", properties: { status: { const: status }, code: { enum: codes } } }
          ]
        },
        examples: Object.fromEntries(tags.map((tag) => [tag, { $ref: `#/components/examples/${tag}` }]))
      }
    }
  }
}

/** One example of each of these errors. */
export const failedExamples = (tags: ReadonlyArray<Tag>): Readonly<Record<string, object>> =>
  Object.fromEntries(tags.toSorted().map((tag) => [tag, { summary: examples[tag].message, value: exampleOf(tag) }]))
