/** The runbook as a page, so that whoever is woken reads it where the alarm is: docs/runbook.md, and no other file. */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect, Option } from "effect"
import { htmlPage } from "../../htmlPage.ts"
import { markup, type Markup } from "../../markup.ts"
import { style } from "./style.ts"

const file = fileURLToPath(new URL("../../../../docs/runbook.md", import.meta.url))

/** What the runbook is written in: headings, one list, bold, code, and links (whose text is shown: they lead into the repository). */
const inline = (text: string): ReadonlyArray<Markup> =>
  text
    .replaceAll(/\[([^\]]+)\]\([^)]*\)/g, "$1")
    .split(/(`[^`]+`|\*\*[^*]+\*\*)/)
    .map((part) => {
      if (part.startsWith("`")) return markup`<code>${part.slice(1, -1)}</code>`
      return part.startsWith("**") ? markup`<strong>${part.slice(2, -2)}</strong>` : markup`${part}`
    })

const block = (text: string): Markup => {
  if (text.startsWith("# ")) return markup`<h1>${text.slice(2)}</h1>`
  if (text.startsWith("## ")) return markup`<h2 id="${text.slice(3).toLowerCase()}">${text.slice(3)}</h2>`
  if (!text.startsWith("- ")) return markup`<p>${inline(text)}</p>`
  return markup`<ul>${text
    .slice(2)
    .split("\n- ")
    .map((item) => markup`<li>${inline(item)}</li>`)}</ul>`
}

export const runbookOf = (text: string): Markup =>
  markup`${text
    .trim()
    .split(/\n{2,}/)
    .map(block)}`

/** None where the file is not: a node is no less a node for it. */
export const runbookPage = Effect.sync(() =>
  Option.map(fs.existsSync(file) ? Option.some(fs.readFileSync(file, "utf8")) : Option.none(), (text) =>
    htmlPage({
      style,
      title: "Holdfast: runbook",
      headers: { "cache-control": "no-store" },
      body: markup`<main><p><a href="/ops">back</a></p>${runbookOf(text)}</main>`
    })
  )
)
