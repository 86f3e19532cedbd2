/**
 * The catalogue of errors for people, rendered from the table: every code, what it means, and what a caller may do.
 *
 * Sorted by status, then by code, so that a change of the table is a small change of the page. `docs/errors.md` is this
 * page; a test holds it against the table.
 */
import type { AppError } from "../errors.ts"
import type { Row } from "./problems.ts"

/** What the page says of a row. */
export type Described = Pick<Row<never>, "code" | "status" | "title" | "retry">
/** What it says of an error. */
export type Example = Pick<AppError, "category" | "message">

const introduction = `# Errors

Every answer that is not a success is a problem (RFC 9457, \`application/problem+json\`). Switch on \`code\`; \`detail\` says
in words what to do. This page is made from the table that the server answers from: \`npm run docs\` writes it, and a test
fails when they differ.

| \`retry\` | what a repeat can do |
|---|---|
| \`never\` | the same request will be refused again |
| \`same_key\` | repeat it as it is, with the same Idempotency-Key, after \`Retry-After\` where there is one |
| \`new_key\` | repeat it with a new Idempotency-Key |
| \`after_change\` | change the request first |

| \`category\` | |
|---|---|
| \`transient\` | it may pass by itself |
| \`permanent\` | it will not |

\`upstream_failed\` (502) and \`dependency_unavailable\` (503) are reserved: nothing answers them. No request waits for a
provider before something durable is done: orders, cancels and refunds are written down, and go on (202) while providers
are away; stock and suggestions have a substitute; mails and events wait in queues. The database is no provider: it has
codes of its own.
`

/** The page. `examples` has one of each error: its words are the page's. */
export const catalogueOf = (
  table: Readonly<Record<string, Described>>,
  examples: Readonly<Record<string, Example>>
): string => {
  const codes = new Map<string, ReadonlyArray<readonly [tag: string, row: Described]>>()
  for (const [tag, row] of Object.entries(table)) codes.set(row.code, [...(codes.get(row.code) ?? []), [tag, row]])
  const sections = [...codes.values()].flatMap((rows) => {
    const [first] = rows
    return first === undefined ? [] : [{ ...first[1], tags: rows.map(([tag]) => tag).sort() }]
  })
  return [introduction, ...sections.toSorted(byStatusThenCode).map((section) => sectionOf(section, examples))].join(
    "\n"
  )
}

type Section = Described & { readonly tags: ReadonlyArray<string> }

const byStatusThenCode = (one: Section, other: Section) => one.status - other.status || (one.code < other.code ? -1 : 1)

const sectionOf = (
  { code, retry, status, tags, title }: Section,
  examples: Readonly<Record<string, Example>>
): string =>
  [
    `## \`${code}\``,
    "",
    `${status} · ${title} · retry \`${retry}\``,
    "",
    ...tags.map((tag) => {
      const example = examples[tag]
      return `- \`${tag}\`${example === undefined ? "" : ` (${example.category}): ${example.message}`}`
    }),
    ""
  ].join("\n")
