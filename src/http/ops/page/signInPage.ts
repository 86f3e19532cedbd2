/** Where an operator shows a token. */
import { document } from "./document.ts"
import { html } from "./html.ts"

export type Refused = "token" | "link"

const words: Readonly<Record<Refused, string>> = {
  token: "No operator has this token.",
  link: "This link was used, or is over. Sign in with a token."
}

export const signInPage = (refused?: Refused) =>
  document({
    title: "Holdfast: sign in",
    body: html`<main>
      <form class="sign-in" method="post" action="/ops/login">
        <h1>Holdfast, for operators</h1>
        ${refused !== undefined && html`<p class="bad" role="alert">${words[refused]}</p>`}
        <label
          >Your token
          <input name="token" type="password" autocomplete="current-password" required autofocus />
        </label>
        <button>Sign in</button>
        <p class="soft">
          Tokens are the ones of OPS_TOKENS. In development npm start prints one, and a link that signs in once.
        </p>
      </form>
    </main>`
  })
