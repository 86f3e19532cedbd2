/**
 * Whether a client takes JSON, by its Accept header (RFC 9110, 12.5.1): the most specific range that fits decides.
 *
 * No header, and one that cannot be read, take anything.
 */
const range = /^\s*([\w*!#$&^.+-]+\/[\w*!#$&^.+-]+)\s*(?:;(.*))?$/
const ranges = ["application/json", "application/*", "*/*"] as const
const weight = /(?:^|;)\s*q\s*=\s*([\d.]+)/i

export const acceptsJson = (accept: string | undefined): boolean => {
  if (accept === undefined || accept === "*/*" || accept === "application/json") return true
  const read = accept.split(",").flatMap((part) => {
    const [, type, parameters = ""] = range.exec(part) ?? []
    return type === undefined ? [] : [{ type: type.toLowerCase(), quality: Number(weight.exec(parameters)?.[1] ?? 1) }]
  })
  if (read.length === 0) return true
  for (const wanted of ranges) {
    const found = read.find(({ type }) => type === wanted)
    if (found !== undefined) return found.quality > 0
  }
  return false
}
