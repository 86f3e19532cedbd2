/** Every kill switch, and who has it off. */
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { change } from "../shown.ts"
import { ordered } from "./ordered.ts"

const show = (look: Look): Markup =>
  markup`<ul class="tiles">
    ${look.switches.map(
      ({ name, of, off }) => markup`<li>
        <strong>${name}</strong> <span class="soft">${of}</span>
        ${off === undefined ? markup`<span class="good">on</span>` : markup`<span class="bad">off</span>`}
        ${change(off === undefined ? "switch off" : "switch on", { thing: "switch", name, verb: off === undefined ? "off" : "on" })}
        ${ordered(off)}
      </li>`
    )}
  </ul>`

export const switches = { title: "Kill switches", show }
