/**
 * Prometheus' text format, read strictly: what a scrape may say, and what `promtool check metrics` would find wrong with it.
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}
export interface Family {
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/y

const labelsOf = (text: string): Record<string, string> | undefined => {
  const labels: Record<string, string> = {}
  label.lastIndex = 0
  while (label.lastIndex < text.length) {
    const found = label.exec(text)
    const [, name = "", value = ""] = found ?? []
    if (found === null || name in labels) return undefined
    labels[name] = value
  }
  return labels
}

const valueOf = (text: string) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text))

/** The families by name, and everything that is wrong. */
export const readExposition = (text: string) => {
  const families = new Map<string, { type: string; help: string; samples: Array<Sample> }>()
  const wrong: Array<string> = []
  const seen = new Set<string>()
  let help: readonly [string, string] = ["", ""]
  let name = ""
  if (text !== "" && !text.endsWith("\n")) wrong.push("the last line does not end")
  for (const line of text.split("\n").slice(0, -1)) {
    const helps = /^# HELP (\S+) (.+)$/.exec(line)
    const types = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)
    if (helps !== null) help = [helps[1]!, helps[2]!]
    else if (types !== null) {
      name = types[1]!
      if (families.has(name)) wrong.push(`${name} comes twice`)
      if (help[0] !== name) wrong.push(`${name} has no help`)
      families.set(name, { type: types[2]!, help: help[1], samples: [] })
    } else {
      const [, sample = "", inner = "", value = ""] = sampleLine.exec(line) ?? []
      const family = families.get(name)
      const labels = labelsOf(inner)
      const suffixes = family?.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]
      if (family === undefined || labels === undefined || !suffixes.some((suffix) => sample === name + suffix)) {
        wrong.push(`not a sample: ${line}`)
        continue
      }
      if (Number.isNaN(valueOf(value))) wrong.push(`not a number: ${line}`)
      const series = `${sample}{${Object.entries(labels).sort().join()}}`
      if (seen.has(series)) wrong.push(`${series} comes twice`)
      seen.add(series)
      family.samples.push({ name: sample, labels, value: valueOf(value) })
    }
  }
  for (const [family, { samples, type }] of families) {
    if ((type === "counter") !== family.endsWith("_total")) wrong.push(`${family} is a ${type}`)
    if (/_(milli|micro|nano)seconds|_ms$|_minutes|_kilobytes/.test(family)) wrong.push(`${family} has no base unit`)
    if (type === "counter" && samples.some(({ value }) => value < 0)) wrong.push(`${family} is below zero`)
    if (type === "histogram") wrong.push(...unlikeHistogram(family, samples))
  }
  return { families: families as ReadonlyMap<string, Family>, wrong }
}

const unlikeHistogram = (family: string, samples: ReadonlyArray<Sample>): ReadonlyArray<string> => {
  const bySeries = Map.groupBy(samples, ({ labels }) =>
    JSON.stringify(
      Object.entries(labels)
        .filter(([name]) => name !== "le")
        .sort()
    )
  )
  return [...bySeries].flatMap(([series, parts]) => {
    const buckets = parts.filter(({ name }) => name.endsWith("_bucket"))
    const count = parts.find(({ name }) => name.endsWith("_count"))?.value
    const bounds = buckets.map(({ labels }) => valueOf(labels["le"] ?? ""))
    const grows = (values: ReadonlyArray<number>, strictly: boolean) =>
      values.every(
        (value, index) => index === 0 || value > values[index - 1]! || (!strictly && value === values[index - 1])
      )
    const fine =
      grows(bounds, true) &&
      grows(
        buckets.map(({ value }) => value),
        false
      ) &&
      bounds.at(-1) === Infinity &&
      buckets.at(-1)?.value === count &&
      parts.some(({ name }) => name.endsWith("_sum"))
    return fine ? [] : [`${family} ${series} is no histogram`]
  })
}
