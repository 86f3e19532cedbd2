/** How the documentation's pages look, and prose in them. */
import { htmlPage } from "../htmlPage.ts"
import { Markup, markup } from "../markup.ts"

/** Prose: blank lines part paragraphs, `code` is code. */
export const prose = (text: string): Markup =>
  new Markup(
    text
      .split(/\n{2,}/)
      .map((paragraph) => `<p>${markup`${paragraph}`.text.replace(/`([^`]+)`/g, "<code>$1</code>")}</p>`)
      .join("\n")
  )

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent) }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 54rem; margin: 0 auto; padding: 2rem 1rem 6rem }
h1, h2, h3 { line-height: 1.25; margin: 2.2rem 0 .6rem } h1 { margin-top: 0 }
code, pre { font: 14px/1.5 ui-monospace, monospace }
pre { overflow: auto; padding: .8rem 1rem; border: 1px solid var(--line); border-radius: 6px }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line) }
details { border-bottom: 1px solid var(--line); padding: .5rem 0 } summary { cursor: pointer }
.method { display: inline-block; min-width: 4.2rem; font-weight: 600 } .quiet { opacity: .7 }
`

/** A whole page as an answer. Others than people get data at the same address. */
export const page = (title: string, body: Markup) => htmlPage({ title, style, body, headers: { vary: "accept" } })
