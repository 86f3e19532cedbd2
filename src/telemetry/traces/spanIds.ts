/** Ids of spans: 64 random bits each, in hexadecimal. Drawn 256 at a time, because asking costs the same for one. */
import { randomFillSync } from "node:crypto"

const idBytes = 8
const idsAtOnce = 256

export const drawSpanIds = (): (() => string) => {
  const reserve = Buffer.alloc(idsAtOnce * idBytes)
  let used = reserve.length
  return () => {
    if (used === reserve.length) {
      randomFillSync(reserve)
      used = 0
    }
    used += idBytes
    return reserve.toString("hex", used - idBytes, used)
  }
}
