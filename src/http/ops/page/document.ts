/**
 * A whole page of the operators' port, as an answer: one document without any other file, and a content policy that
 * lets in nothing but what stands in it (by hash), and nobody frame it.
 */
import { createHash } from "node:crypto"
import { HttpServerResponse } from "effect/http"
import { html, type Html } from "./html.ts"
import { style } from "./style.ts"

interface Document {
  readonly title: string
  readonly body: Html
  /** Runs at the end of the page, which is whole without it. */
  readonly script?: string
}

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

export const document = ({ body, script, title }: Document) => {
  const policy = [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    ...(script === undefined ? [] : [`script-src ${hash(script)}`, "connect-src 'self'"]),
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'"
  ]
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
        ${raw("style", style)}
      </head>
      <body>
        ${body} ${script === undefined ? undefined : raw("script", script)}
      </body>
    </html>`
  return HttpServerResponse.text(page.markup, {
    contentType: "text/html; charset=utf-8",
    headers: { "content-security-policy": policy.join("; "), "cache-control": "no-store" }
  })
}

/** Text of this project, by hash in the policy: no character of it may be changed. */
const raw = (element: "style" | "script", text: string): Html => ({ markup: `<${element}>${text}</${element}>` })
