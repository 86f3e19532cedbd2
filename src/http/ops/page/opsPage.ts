/** The one page of the operators: how it is, in one sentence, and every lever behind it. */
import type { Operator } from "../OperatorTokens.ts"
import type { Look } from "./Console.ts"
import { style } from "./style.ts"
import { htmlPage } from "../../htmlPage.ts"
import { markup } from "../../markup.ts"
import { liveScript } from "./liveScript.ts"
import { lookUpForm } from "./lookUpPage.ts"
import { type Part, sectionsOf } from "./sectionsOf.ts"

const words = {
  done: markup`<p class="good" role="status">Done.</p>`,
  unavailable: markup`<p class="bad" role="alert">Not done: the database does not answer. Try again when it does.</p>`
}
export type Said = keyof typeof words

/** What is kept up stands in a place of its own, so that its heading stays where it is. Only the sentence is read aloud. */
const section = ({ content, id, title }: Part) =>
  markup`<section id="${id}" ${title !== undefined && markup`aria-labelledby="${id}-title"`}>
    ${title !== undefined && markup`<h2 id="${id}-title">${title}</h2>`}
    <div id="${id}-now" ${id === "verdict" && markup`aria-live="polite" aria-atomic="true"`}>${content}</div>
  </section>`

export const opsPage = (look: Look, operator: Operator, csrf: string, said: Said | undefined) => {
  const parts = sectionsOf(look)
  const [verdict, asOf, ...others] = parts.map(section)
  const links = parts.flatMap(({ id, title }) =>
    title === undefined ? [] : [markup`<li><a href="#${id}">${title}</a></li>`]
  )
  return htmlPage({
    style,
    forms: true,
    headers: { "cache-control": "no-store" },
    title: "Holdfast",
    script: liveScript,
    refreshSeconds: 10,
    body: markup`<header>
        <h1>Holdfast</h1>
        <span id="live" class="soft">as loaded</span>
        <form method="post" action="/ops/logout">
          <input type="hidden" name="csrf" value="${csrf}" />
          <span>${operator.name}, ${operator.role}</span> <button>Sign out</button>
        </form>
      </header>
      <main class="${operator.role}">
        ${said !== undefined && words[said]} ${verdict} ${asOf} ${lookUpForm()}
        <nav aria-label="Parts of this page"><ul>${links}<li><a href="/ops/runbook">Runbook</a></li></ul></nav>
        ${others}
      </main>`
  })
}
