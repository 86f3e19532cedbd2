/** Where a sandbox plays the providers: what goes wrong there on purpose, and how to make it. Not in production. */
import { Option } from "effect"
import { faultModes, providers, type StrikingFault } from "../../../../ops/ProviderFaults.ts"
import { markup, type Markup } from "../../../markup.ts"
import type { Look } from "../Console.ts"
import { change, seen } from "../shown.ts"
import { table } from "../table.ts"

const whens = [
  ["before it does anything", faultModes.before],
  ["while it does it", faultModes.during],
  ["when it is done", faultModes.after]
] as const

const form = markup`<form class="act row" method="get" action="/ops/change">
    <input type="hidden" name="thing" value="provider" /><input type="hidden" name="verb" value="break" />
    <label>Provider <select name="name">${providers.map((name) => markup`<option>${name}</option>`)}</select></label>
    <label>Fault <select name="code">
      ${whens.map(
        ([when, modes]) => markup`<optgroup label="${when}">
        ${modes.map((mode) => markup`<option value="${mode}">${mode.replaceAll("_", " ")}</option>`)}
      </optgroup>`
      )}
    </select></label>
    <button>Break it</button>
  </form>`

const detail = (fault: StrikingFault) =>
  Object.entries(fault)
    .filter(([name]) => !["provider", "mode", "struck"].includes(name))
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
    .join(", ")

const show = (look: Look): Markup =>
  markup`${form}
    ${seen(look, look.faults ?? Option.none(), (all) =>
      all.length === 0
        ? markup`<p class="good">No provider is broken on purpose.</p>`
        : table<StrikingFault>(
            "Faults of providers",
            [
              { heading: "provider", cell: ({ provider }) => provider },
              { heading: "fault", cell: ({ mode }) => mode.replaceAll("_", " "), look: () => "warn" },
              { heading: "how", cell: detail },
              { heading: "struck", figures: true, cell: ({ struck }) => struck },
              {
                heading: "change",
                cell: ({ provider: name }) => change("repair", { thing: "provider", name, verb: "repair" })
              }
            ],
            all
          )
    )}`

export const faults = { title: "Faults on purpose", show }
