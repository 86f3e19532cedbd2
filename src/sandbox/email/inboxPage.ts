/** What the fake email provider has delivered: a page for people, the same as JSON for programs. Newest first. */
import { Effect } from "effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Mailbox, type Taken } from "./Mailbox.ts"

/** More than anybody reads; a program asks for one address. */
const mostShown = 200

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
const at = ({ at_millis }: Taken) => new Date(at_millis).toISOString()

const shown = (taken: Taken) => {
  const { id, key, mail } = taken
  const { from, subject, text, to } = mail
  return { id, at: at(taken), key, from, to, subject, text }
}

const article = (taken: Taken) => `<article><h2>${escaped(taken.mail.subject)}</h2>
<p>To ${escaped([taken.mail.to].flat().join(", "))} · ${at(taken)}</p>
<pre>${escaped(taken.mail.text ?? taken.mail.html ?? "")}</pre></article>`

const page = (mails: ReadonlyArray<Taken>) => `<!doctype html><html lang="en"><meta charset="utf-8">
<title>Inbox</title><style>body{font:16px/1.5 system-ui;max-width:44rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid #ccc}h2{font-size:1rem;margin:.8rem 0 0}p{margin:0;color:#666}pre{white-space:pre-wrap}</style>
<h1>Inbox</h1><p>Every mail that the shop has sent to the sandbox. None has left this machine.</p>
${mails.map(article).join("\n") || "<p>No mail yet.</p>"}</html>`

export const inboxPage = HttpRouter.add(
  "GET",
  "/_sandbox/inbox",
  Effect.gen(function* () {
    const mailbox = yield* Mailbox
    const request = yield* HttpServerRequest.HttpServerRequest
    const to = new URL(request.url, "http://sandbox").searchParams.get("to")
    const all = (yield* mailbox.mails).filter(({ mail }) => to === null || [mail.to].flat().includes(to))
    const newest = all.slice(-mostShown).toReversed()
    if (request.headers["accept"]?.includes("text/html") === true) return HttpServerResponse.html(page(newest))
    return HttpServerResponse.jsonUnsafe({ data: newest.map(shown) })
  })
)
