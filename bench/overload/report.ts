/** The table of a run: a row a flood, and below it one for each kind of request. */
import { quantile } from "../load/Tally.ts"
import type { Flood } from "./flood.ts"

const leaveOutSeconds = 3

export const summed = ({ began, seconds, tallies }: Flood) => {
  const all = [...tallies.values()]
  const good = all.flatMap(({ goodMillis }) => goodMillis)
  const others = new Map<string, number>()
  for (const tally of all) for (const [what, many] of tally.others) others.set(what, (others.get(what) ?? 0) + many)
  return {
    offered: all.reduce((sum, { sent }) => sum + sent, 0) / seconds,
    good: good.length / seconds,
    refused: all.reduce((sum, { refusedMillis }) => sum + refusedMillis.length, 0) / seconds,
    others,
    p50: quantile(good, 0.5),
    p99: quantile(good, 0.99),
    refusedP99: quantile(
      all.flatMap(({ refusedMillis }) => refusedMillis),
      0.99
    ),
    worstSecond: all.reduce((sum, tally) => sum + tally.worstSecond(began, seconds, leaveOutSeconds), 0)
  }
}

const write = (...values: ReadonlyArray<string | number>) =>
  console.log(values.map((value) => (typeof value === "number" ? value.toFixed(0) : value).padStart(9)).join(""))

export const heading = () => {
  write("", "", "", "", "worst", "", "", "", "good", "", "refused", "", "node", "client", "late")
  write(
    "",
    "offered",
    "good",
    "of peak",
    "second",
    "refused",
    "other",
    "unsent",
    "p50 ms",
    "p99 ms",
    "p99 ms",
    "RSS MB",
    "cores",
    "cores",
    "p99 ms"
  )
}

export const levelRow = (name: string, found: Flood, share: string) => {
  const { good, offered, others, p50, p99, refused, refusedP99, worstSecond } = summed(found)
  const other = [...others.values()].reduce((sum, many) => sum + many, 0) / found.seconds
  write(
    name,
    offered,
    good,
    share,
    worstSecond,
    refused,
    other,
    found.unsent / found.seconds,
    p50,
    p99,
    refusedP99,
    found.rss,
    found.nodeCores.toFixed(2),
    found.clientCores.toFixed(2),
    found.lateP99
  )
  if (others.size > 0)
    console.log(`           other: ${[...others].map(([what, many]) => `${what} ${many}`).join(", ")}`)
}

export const kindRows = ({ seconds, tallies }: Flood) => {
  for (const [{ name }, { goodMillis, refusedMillis, sent }] of tallies) {
    const share = ((goodMillis.length / sent) * 100).toFixed(0)
    const [offered, good] = [sent / seconds, goodMillis.length / seconds].map((each) => each.toFixed(0))
    const [p50, p99] = [quantile(goodMillis, 0.5), quantile(goodMillis, 0.99)].map((each) => each.toFixed(0))
    const refused = quantile(refusedMillis, 0.99).toFixed(0)
    console.log(
      `           ${name.padEnd(16)} ${offered?.padStart(6)} offered, ${good?.padStart(5)} good (${share} %), p50 ${p50}, p99 ${p99}, refused p99 ${refused} ms`
    )
  }
}
