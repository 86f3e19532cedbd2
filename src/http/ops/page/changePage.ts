/** Asks once more: what it would do, why, and for how long. */
import { mayEnd, titleOf, type Wanted } from "./changes.ts"
import { style } from "./style.ts"
import { htmlPage } from "../../htmlPage.ts"
import { markup, type Markup } from "../../markup.ts"

const hidden = (name: string, value: string | undefined) =>
  value !== undefined && markup`<input type="hidden" name="${name}" value="${value}" />`

const minutes = [
  ["15", "15 minutes"],
  ["60", "1 hour"],
  ["480", "8 hours"],
  ["", "until somebody ends it"]
] as const

export const changePage = (wanted: Wanted, affects: Markup, numbers: ReadonlyArray<string>, csrf: string) =>
  htmlPage({
    style,
    forms: true,
    headers: { "cache-control": "no-store" },
    title: `Holdfast: ${titleOf(wanted)}`,
    body: markup`<main class="change">
      <h1>${titleOf(wanted)}</h1>
      ${affects} ${numbers.map((number) => markup`<p>${number}</p>`)}
      <form method="post" action="/ops/change">
        ${hidden("csrf", csrf)} ${hidden("thing", wanted.thing)} ${hidden("name", wanted.name)}
        ${hidden("verb", wanted.verb)} ${hidden("code", wanted.code)}
        <label>Why? (kept in the audit)<input name="reason" required maxlength="500" autofocus /></label>
        ${
          mayEnd(wanted) &&
          markup`<label
            >For how long?
            <select name="minutes">
              ${minutes.map(([value, text]) => markup`<option value="${value}" ${value === "60" && "selected"}>${text}</option>`)}
            </select></label
          >`
        }
        <p><button>${wanted.verb}</button> <a href="/ops">back, change nothing</a></p>
      </form>
    </main>`
  })
