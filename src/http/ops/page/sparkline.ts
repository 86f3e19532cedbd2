/** An hour as a line, and the hour before it as a pale one behind: what people look at rather than read. */
import { markup, type Markup } from "../../markup.ts"

const width = 240
const height = 36
/** So that a line at the edge is not cut in half. */
const margin = 2

/** `values`: two hours by the minute, the oldest first. `label`: the same in words, for who does not see it. */
export const sparkline = (values: ReadonlyArray<number | undefined>, label: string): Markup => {
  const half = values.length / 2
  const most = Math.max(1, ...values.map((value) => value ?? 0))
  const line = (part: ReadonlyArray<number | undefined>) =>
    part
      .flatMap((value, index) => {
        if (value === undefined) return []
        const x = (index / Math.max(1, part.length - 1)) * width
        const y = height - margin - (value / most) * (height - 2 * margin)
        return [`${x.toFixed(1)},${y.toFixed(1)}`]
      })
      .join(" ")
  return markup`<svg class="spark" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">
    <polyline class="ghost" points="${line(values.slice(0, half))}" />
    <polyline class="line" points="${line(values.slice(half))}" />
  </svg>`
}

/** What it came to, of what is known. */
export const sum = (values: ReadonlyArray<number | undefined>) =>
  values.reduce<number>((all, value) => all + (value ?? 0), 0)
