/**
 * Pages without anything from elsewhere: one style, no script, and a content policy that allows nothing else.
 *
 * `markup` escapes every value that is put into it; what is markup already is `Markup`, and only this makes one.
 */
import { createHash } from "node:crypto"
import { HttpServerResponse } from "effect/http"

/** Markup that is safe as it is. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Value = string | number | Markup | ReadonlyArray<Markup>

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const written = (value: Value): string => {
  if (value instanceof Markup) return value.text
  if (typeof value === "object") return value.map(({ text }) => text).join("\n")
  return String(value).replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign)
}

export const markup = (parts: TemplateStringsArray, ...values: ReadonlyArray<Value>): Markup =>
  new Markup(String.raw({ raw: parts }, ...values.map(written)))

/** Prose: blank lines part paragraphs, `code` is code. */
export const prose = (text: string): Markup =>
  new Markup(
    text
      .split(/\n{2,}/)
      .map((paragraph) => `<p>${written(paragraph).replace(/`([^`]+)`/g, "<code>$1</code>")}</p>`)
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
const styleHash = createHash("sha256").update(style).digest("base64")
const policy = [
  "default-src 'none'",
  `style-src 'sha256-${styleHash}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join("; ")

/** A whole page as an answer. */
export const page = (title: string, body: Markup): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(
    markup`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${title}</title>
          <style>${new Markup(style)}</style>
        </head>
        <body>
          ${body}
        </body>
      </html>`.text,
    {
      contentType: "text/html; charset=utf-8",
      headers: { "content-security-policy": policy, vary: "accept" }
    }
  )
