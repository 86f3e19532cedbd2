/** A long list as parts that the node takes one at a time. */
import type { Json } from "./OpsClient.ts"

/** As many as the node takes at once. */
const mostTogether = 500
/** The node takes a body of 256 KiB; what is left is for the reason, and for what JSON puts around it. */
const mostBytes = 200 * 1024

/** In their order. What is too large by itself is a part of its own: the node says what is wrong with it. */
export const partsOf = (items: ReadonlyArray<Json>): ReadonlyArray<ReadonlyArray<Json>> => {
  const parts: Array<Array<Json>> = []
  let bytes = 0
  for (const item of items) {
    const more = Buffer.byteLength(JSON.stringify(item)) + 1
    const last = parts.at(-1)
    if (last !== undefined && last.length < mostTogether && bytes + more <= mostBytes) {
      last.push(item)
      bytes += more
    } else {
      parts.push([item])
      bytes = more
    }
  }
  return parts
}
