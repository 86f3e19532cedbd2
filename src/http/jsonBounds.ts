/**
 * Whether JSON is made of more than anybody needs, told from its bytes before anything is made of them.
 *
 * 256 KiB hold 87,000 empty lines of an order, and to find each of them wrong keeps a node from everything else for half a
 * second: so it is not only bytes that are counted.
 */
import { nestingLimit, valuesLimit } from "./limits.ts"

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d]

/** What it has too much of, if anything. Bytes that are not JSON may have, or not: they are refused anyway. */
export const excessOf = (bytes: Uint8Array): "too_deep" | "too_many_values" | undefined => {
  let depth = 0
  let values = 1
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      for (at++; at < bytes.length && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++
    } else if (byte === openArray || byte === openObject) {
      if (++depth > nestingLimit) return "too_deep"
    } else if (byte === closeArray || byte === closeObject) depth--
    else if (byte === comma && ++values > valuesLimit) return "too_many_values"
  }
  return undefined
}
