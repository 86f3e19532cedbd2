/** Where an operator shows a token. */
import { style } from "./style.ts"
import { htmlPage } from "../../htmlPage.ts"
import { markup } from "../../markup.ts"

export type Refused = "token" | "link"

const words: Readonly<Record<Refused, string>> = {
  token: "No operator has this token.",
  link: "This link was used, or is over. Sign in with a token."
}

export const signInPage = (refused?: Refused) =>
  htmlPage({
    style,
    forms: true,
    headers: { "cache-control": "no-store" },
    title: "Holdfast: sign in",
    body: markup`<main>
      <form class="sign-in" method="post" action="/ops/login">
        <h1>Holdfast, for operators</h1>
        ${refused !== undefined && markup`<p class="bad" role="alert">${words[refused]}</p>`}
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
