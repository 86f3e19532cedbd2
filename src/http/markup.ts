/** HTML that is safe by its type: `markup` escapes every value that is put into it, unless it is markup already. */

/** Markup that is safe as it is. Only `markup` makes it of values; whoever makes one of a text answers for that text. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** `false` and `undefined` are nothing, so that a part can depend on a condition. */
type Value = string | number | Markup | ReadonlyArray<Markup> | undefined | false

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;"
}

const written = (value: Value): string => {
  if (value === undefined || value === false) return ""
  if (value instanceof Markup) return value.text
  if (typeof value === "object") return value.map(({ text }) => text).join("\n")
  return String(value).replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign)
}

export const markup = (parts: TemplateStringsArray, ...values: ReadonlyArray<Value>): Markup =>
  new Markup(String.raw({ raw: parts }, ...values.map(written)))

const signs = new Map(Object.entries(escapes).map(([sign, escaped]) => [escaped, sign]))

/** What somebody would read of it. */
export const plainOf = ({ text }: Markup): string =>
  text.replaceAll(/<[^>]*>/g, "").replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (escaped) => signs.get(escaped) ?? escaped)
