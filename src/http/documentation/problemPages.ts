/** What each problem means, from the table: as data, and as pages for people. */
import { examples } from "../examples.ts"
import type { Problem } from "../Problem.ts"
import { problems, type Tag } from "../problems.ts"
import type { ProblemType } from "./DocumentationApi.ts"
import { exampleOf } from "./failures.ts"
import { markup, type Markup } from "../markup.ts"

const repeats: Readonly<Record<Problem["retry"], string>> = {
  never: "No. The same request will be refused again.",
  same_key: "Yes, as it is and under the same Idempotency-Key: that cannot do anything twice.",
  new_key: "Yes, under a new Idempotency-Key: this one is used up.",
  after_change: "Not as it is. Change the request first."
}

const effects: Readonly<Record<Problem["side_effects"], string>> = {
  none: "Nothing durable happened.",
  committed: "Something durable happened, and `resource` says where it is.",
  unknown: "It is not known whether something durable happened. A repeat under the same key finds out, and is safe."
}

/** Every code, by status and then by name. */
export const problemTypes = (): ReadonlyArray<ProblemType> => {
  const byCode = new Map<string, Array<Tag>>()
  for (const tag of Object.keys(problems) as ReadonlyArray<Tag>) {
    const { code } = problems[tag]
    byCode.set(code, [...(byCode.get(code) ?? []), tag])
  }
  return [...byCode]
    .map(([code, tags]): ProblemType => {
      const [first = "Unexpected"] = tags
      const { retry, status, title } = problems[first]
      const reasons = [...new Set(tags.map((tag) => examples[tag].message))]
      return {
        type: `/problems/${code}`,
        code,
        status,
        title,
        retry,
        repeat: repeats[retry],
        reasons,
        example: exampleOf(first)
      }
    })
    .sort((one, other) => one.status - other.status || (one.code < other.code ? -1 : 1))
}

export const listBody = (types: ReadonlyArray<ProblemType>): Markup =>
  markup` <h1>Problems</h1>
    <p>Every answer that is not a success is one of these (RFC 9457). Switch on <code>code</code>.</p>
    <table>
      <tr>
        <th>Code</th>
        <th>Status</th>
        <th>Title</th>
        <th>Repeat</th>
      </tr>
      ${types.map(
        ({ code, retry, status, title, type }) =>
          markup`<tr>
            <td>
              <a href="${type}"><code>${code}</code></a>
            </td>
            <td>${status}</td>
            <td>${title}</td>
            <td>${retry}</td>
          </tr>`
      )}
    </table>
    <p><a href="/docs">The whole API</a></p>`

export const typeBody = ({ code, example, reasons, repeat, retry, status, title }: ProblemType): Markup =>
  markup` <p class="quiet"><a href="/problems">Problems</a></p>
    <h1>${title}</h1>
    <p><code>${code}</code>, status ${status}</p>
    <h2>What happened, and what to do</h2>
    <ul>
      ${reasons.map((reason) => markup`<li>${reason}</li>`)}
    </ul>
    <h2>Is it safe to repeat?</h2>
    <p>
      ${repeat} <span class="quiet"><code>retry: ${retry}</code></span>
    </p>
    <p>
      ${effects[example.side_effects].replaceAll("`", "")}
      <span class="quiet"><code>side_effects</code> says so of each answer.</span>
    </p>
    ${example.retry_after === undefined ? markup`` : markup`<p>Wait as many seconds as <code>Retry-After</code> says, first.</p>`}
    <h2>An example</h2>
    <pre>${JSON.stringify(example, undefined, 2)}</pre>`
