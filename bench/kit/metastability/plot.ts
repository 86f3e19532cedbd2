/** The goodput of several runs over time as an SVG, with the trigger as a shaded band. */
import { type Run, seconds } from "./simulation.ts"
import { perSecond, trigger } from "./server.ts"

const size = { width: 860, height: 380, left: 56, right: 16, top: 36, bottom: 120 } as const
/** Told apart also without colours: by dashes. */
const strokes = ["#888888", "#b2182b", "#ef8a62", "#2166ac", "#67a9cf", "#1b7837"]
const dashes = ["2 3", "6 3", "", "8 3 2 3", "3 2", ""]

const x = (second: number) => size.left + (second / seconds) * (size.width - size.left - size.right)
const y = (calls: number) => size.height - size.bottom - (calls / perSecond) * (size.height - size.top - size.bottom)

const line = (run: Run, index: number) => {
  const points = run.goodput.map((calls, second) => `${x(second + 0.5).toFixed(1)},${y(calls).toFixed(1)}`).join(" ")
  const width = run.policy.startsWith("holdfast") ? 2.5 : 1.3
  return `<polyline fill="none" stroke="${strokes[index]}" stroke-width="${width}" stroke-dasharray="${dashes[index]}" points="${points}"/>`
}

const legend = (run: Run, index: number) => {
  const top = size.height - size.bottom + 38 + Math.floor(index / 2) * 22
  const left = size.left + (index % 2) * 330
  return `<line x1="${left}" x2="${left + 28}" y1="${top}" y2="${top}" stroke="${strokes[index]}" stroke-width="2" stroke-dasharray="${dashes[index]}"/><text x="${left + 36}" y="${top + 4}">${run.policy}</text>`
}

export const plot = (title: string, runs: ReadonlyArray<Run>): string => {
  const [from, to] = [x(trigger.fromMillis / 1000), x(trigger.toMillis / 1000)]
  const rows = [0, 250, 500, 750, 1000].map(
    (calls) =>
      `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y(calls)}" y2="${y(calls)}" stroke="#dddddd"/><text x="${size.left - 8}" y="${y(calls) + 4}" text-anchor="end">${calls}</text>`
  )
  const columns = [0, 15, 25, 40, 60, 80].map(
    (second) => `<text x="${x(second)}" y="${y(0) + 16}" text-anchor="middle">${second} s</text>`
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12" role="img" aria-label="${title}">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${size.left}" y="20" font-size="14">${title}</text>`,
    `<rect x="${from}" width="${to - from}" y="${y(perSecond)}" height="${y(0) - y(perSecond)}" fill="#f4e9d8"/>`,
    ...rows,
    ...columns,
    ...runs.map(line),
    ...runs.map(legend),
    "</svg>",
    ""
  ].join("\n")
}
