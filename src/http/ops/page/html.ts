/** HTML that is safe by its type: what is put into a template is escaped, unless it is HTML already. */

export interface Html {
  readonly markup: string
}
type Part = Html | string | number | ReadonlyArray<Html> | undefined | false

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)

const markupOf = (part: Part): string => {
  if (part === undefined || part === false) return ""
  if (typeof part === "number") return String(part)
  if (typeof part === "string") return escaped(part)
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("")
}

export const html = (texts: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html => ({
  markup: texts.map((text, index) => text + markupOf(parts[index])).join("")
})
