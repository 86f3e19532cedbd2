/**
 * A whole page as an answer: one document without any other file, and a content policy that lets in nothing but the
 * style and the script that stand in it (by hash), and nobody frame it.
 */
import { createHash } from "node:crypto"
import { HttpServerResponse } from "effect/http"
import { markup, Markup } from "./markup.ts"

export interface HtmlPage {
  readonly title: string
  readonly style: string
  readonly body: Markup
  /** Runs at the end of the page, which is whole without it; it may ask this server. */
  readonly script?: string
  /** Where scripts are off, it is loaded anew this often. */
  readonly refreshSeconds?: number
  /** Where its forms may go: nowhere, unless it has some. */
  readonly forms?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

export const htmlPage = ({ body, forms, headers, refreshSeconds, script, style, title }: HtmlPage) => {
  const policy = [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    ...(script === undefined ? [] : [`script-src ${hash(script)}`, "connect-src 'self'"]),
    `form-action ${forms === true ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "frame-ancestors 'none'"
  ].join("; ")
  const refresh =
    refreshSeconds !== undefined &&
    markup`<noscript><meta http-equiv="refresh" content="${refreshSeconds}" /></noscript>`
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        ${refresh}
        <title>${title}</title>
        <style>${new Markup(style)}</style>
      </head>
      <body>
        ${body} ${script !== undefined && markup`<script>${new Markup(script)}</script>`}
      </body>
    </html>`
  return HttpServerResponse.text(page.text, {
    contentType: "text/html; charset=utf-8",
    headers: { "content-security-policy": policy, ...headers }
  })
}
