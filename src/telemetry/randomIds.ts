/**
 * Random ids in hexadecimal, for spans and requests. Random, so that they tell nothing about the node or its traffic.
 * Drawn 256 at a time: asking for random bytes costs the same for one id, and was a twentieth of what a flooded node did.
 */
import { randomFillSync } from "node:crypto"

/** As W3C has it. */
export const spanIdBytes = 8
const idsAtOnce = 256

/** Answers what draws the next one, of so many bytes. */
export const drawIds = (bytes: number): (() => string) => {
  const reserve = Buffer.alloc(idsAtOnce * bytes)
  let used = reserve.length
  return () => {
    if (used === reserve.length) {
      randomFillSync(reserve)
      used = 0
    }
    used += bytes
    return reserve.toString("hex", used - bytes, used)
  }
}
