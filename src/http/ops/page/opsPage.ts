/** The one page of the operators: how it is, in one sentence, and every lever behind it. */
import type { Operator } from "../OperatorTokens.ts"
import type { Look } from "./Console.ts"
import { style } from "./style.ts"
import { htmlPage } from "../../htmlPage.ts"
import { markup } from "../../markup.ts"
import { liveScript } from "./liveScript.ts"
import { sectionsOf } from "./sections.ts"

const words = {
  done: markup`<p class="good" role="status">Done.</p>`,
  unavailable: markup`<p class="bad" role="alert">Not done: the database does not answer. Try again when it does.</p>`
}
export type Said = keyof typeof words

export const opsPage = (look: Look, operator: Operator, csrf: string, said: Said | undefined) =>
  htmlPage({
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
      <main>
        ${said !== undefined && words[said]}
        ${Object.entries(sectionsOf(look)).map(([id, section]) => markup`<section id="${id}">${section}</section>`)}
      </main>`
  })
