/** What changes on the page, once a second: by the id of its place, the markup that stands there. */
import { Effect } from "effect"
import { listeners } from "../listeners.ts"
import { Console } from "./Console.ts"
import { sectionsOf } from "./sectionsOf.ts"

export const streams = Effect.gen(function* () {
  const page = yield* Console
  const tell = yield* listeners

  const changes = () => {
    let shown: Record<string, string> = {}
    return Effect.map(page.look, (look) => {
      const now = Object.fromEntries(sectionsOf(look).map(({ content, id }) => [id, content.text]))
      const changed = Object.entries(now).filter(([id, text]) => shown[id] !== text)
      shown = now
      return Object.fromEntries(changed)
    })
  }
  return Effect.suspend(() => tell({ look: changes() }))
})
